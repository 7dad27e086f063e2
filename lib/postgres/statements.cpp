// SPDX-License-Identifier: Apache-2.0
#include "postgres/statements.hpp"

#include <exception>
#include <string_view>

namespace outboxd::postgres {

namespace {

constexpr int kTries = 10;

/// The statement was undone as a whole, through no fault of its own.
bool lost_a_race(const std::exception& error) {
  const auto state = sqlstate_of(error);
  return state == "40001" || state == "40P01";
}

/// A statement name that is readable on the wire and in pg_prepared_statements: from the comment with which the
/// statement begins, if there is one.
std::string name_of(const std::string& sql, std::size_t number) {
  constexpr std::string_view kBegin = "/* ";
  std::string name = "outboxd_";
  if (sql.starts_with(kBegin)) {
    name.append(sql, kBegin.size(), sql.find(' ', kBegin.size()) - kBegin.size()).append("_");
  }
  return name + std::to_string(number);
}

}  // namespace

pqxx::result Statements::run(const std::string& sql, const std::vector<Parameter>& parameters) {
  for (int tries = 1;; ++tries) {
    try {
      return run_once(sql, parameters);
    } catch (const std::exception& error) {
      if (tries == kTries || !lost_a_race(error)) throw;
    }
  }
}

bool Statements::connection_works() {
  try {
    ++round_trips_;
    exec_parameters(transaction_, "SELECT 1", {});
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void Statements::set_patience(std::optional<std::chrono::milliseconds> time) {
  patience_ = time;
  const auto setting = "statement_timeout = " + std::to_string(time.value_or(mode_.usual_timeout).count());
  if (mode_.settings.empty()) {
    ++round_trips_;
    exec_parameters(transaction_, "SET " + setting, {});
  } else {
    further_settings_ = "; SET LOCAL " + setting;
  }
}

void Statements::restore_patience(std::optional<std::chrono::milliseconds> time) noexcept {
  try {
    set_patience(time);
  } catch (const std::exception&) {
    // The connection is lost, as its next use will find.
  }
}

pqxx::result Statements::run_once(const std::string& sql, const std::vector<Parameter>& parameters) {
  if (mode_.prepares) return run_prepared(sql, parameters);
  if (!mode_.settings.empty()) return run_with_settings(sql, parameters);
  ++round_trips_;
  return exec_parameters(transaction_, sql, parameters);
}

pqxx::result Statements::run_prepared(const std::string& sql, const std::vector<Parameter>& parameters) {
  const auto [statement, is_new] = prepared_.try_emplace(sql, name_of(sql, prepared_.size()));
  round_trips_ += is_new ? 2 : 1;
  if (is_new) {
    try {
      prepare(connection_, statement->second, sql);
    } catch (const std::exception&) {
      prepared_.erase(statement);
      throw;
    }
  }
  return exec_prepared(transaction_, statement->second, parameters);
}

pqxx::result Statements::run_with_settings(const std::string& sql, const std::vector<Parameter>& parameters) {
  round_trips_ += 3;
  try {
    exec(transaction_, "BEGIN ISOLATION LEVEL READ COMMITTED; " + mode_.settings + further_settings_);
    auto result = exec_parameters(transaction_, sql, parameters);
    exec(transaction_, "COMMIT");
    return result;
  } catch (const std::exception&) {
    try {
      exec(transaction_, "ROLLBACK");
    } catch (const std::exception&) {
      // The connection is lost, and its transaction with it; the error that ended it is thrown on.
    }
    throw;
  }
}

}  // namespace outboxd::postgres
