// SPDX-License-Identifier: Apache-2.0
#include "postgres/pqxx_compat.hpp"

#include <array>
#include <stdexcept>

namespace outboxd::postgres {
namespace {

void refuse_nul_bytes(const std::vector<Parameter>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] && parameters[i]->find('\0') != std::string::npos) {
      throw std::invalid_argument("parameter $" + std::to_string(i + 1) +
                                  " holds a NUL byte, which Postgres can't store: remove it");
    }
  }
}

/// libpqxx 7.10 puts a prepared statement's name before the server's words.
std::string_view without_statement(std::string_view line) {
  constexpr std::string_view kBefore = "Failure during '";
  constexpr std::string_view kBehind = "': ";
  if (!line.starts_with(kBefore)) return line;
  const auto end = line.find(kBehind, kBefore.size());
  return end == std::string_view::npos ? line : line.substr(end + kBehind.size());
}

std::string_view without_severity(std::string_view line) {
  constexpr std::array<std::string_view, 3> kSeverities{"ERROR:", "FATAL:", "PANIC:"};
  for (const auto severity : kSeverities) {
    if (line.substr(0, severity.size()) == severity) line.remove_prefix(severity.size());
  }
  const auto start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view{} : line.substr(start);
}

}  // namespace

#if OUTBOXD_PQXX_VERSION >= 700

std::unique_ptr<pqxx::connection> open_connection(const std::string& conninfo) {
  return std::make_unique<pqxx::connection>(conninfo);
}

namespace {

pqxx::params params_of(const std::vector<Parameter>& parameters) {
  refuse_nul_bytes(parameters);
  pqxx::params params;
  params.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    if (parameter) {
      params.append(*parameter);
    } else {
      params.append();
    }
  }
  return params;
}

}  // namespace

pqxx::result exec_parameters(pqxx::transaction_base& transaction, const std::string& sql,
                             const std::vector<Parameter>& parameters) {
  if (parameters.empty()) return transaction.exec(sql);
  return transaction.exec(sql, params_of(parameters));
}

void prepare(pqxx::connection& connection, const std::string& name, const std::string& sql) {
  connection.prepare(name, sql);
}

pqxx::result exec_prepared(pqxx::transaction_base& transaction, const std::string& name,
                           const std::vector<Parameter>& parameters) {
  return transaction.exec(pqxx::prepped{name}, params_of(parameters));
}

#else

std::unique_ptr<pqxx::connection> open_connection(const std::string& conninfo) {
  auto connection = std::make_unique<pqxx::connection>(conninfo);
// Deprecated because 7.0 drops silent reconnection altogether, which is just what is wanted here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  return connection;
}

namespace {

std::vector<const char*> pointers_of(const std::vector<Parameter>& parameters) {
  refuse_nul_bytes(parameters);
  std::vector<const char*> pointers;
  pointers.reserve(parameters.size());
  for (const auto& parameter : parameters) pointers.push_back(parameter ? parameter->c_str() : nullptr);
  return pointers;
}

}  // namespace

pqxx::result exec_parameters(pqxx::transaction_base& transaction, const std::string& sql,
                             const std::vector<Parameter>& parameters) {
  if (parameters.empty()) return transaction.exec(sql);
  const auto pointers = pointers_of(parameters);
  return transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(pointers));
}

void prepare(pqxx::connection& connection, const std::string& name, const std::string& sql) {
  connection.prepare(name, sql);
}

pqxx::result exec_prepared(pqxx::transaction_base& transaction, const std::string& name,
                           const std::vector<Parameter>& parameters) {
  const auto pointers = pointers_of(parameters);
  return transaction.exec_prepared(name, pqxx::prepare::make_dynamic_params(pointers));
}

#endif

std::string sqlstate_of(const std::exception& error) {
  // libpqxx 6.4 knows these by their type alone.
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
  if (dynamic_cast<const pqxx::too_many_connections*>(&error) != nullptr) return "53300";
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) return sql->sqlstate();
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr) return "40P01";
  if (dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr) return "40001";
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error) != nullptr) return "40003";
  if (dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr) return "40000";
  return {};
}

std::string message_of(const std::exception& error) {
  std::string message;
  std::string extra;
  std::string_view rest = error.what();
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (message.empty()) {
      message = without_severity(without_statement(line));
    } else if (line.starts_with("connection to server")) {
      // One for each host.
      message.append("; ").append(line);
    } else if (line.starts_with("DETAIL:") || line.starts_with("HINT:")) {
      auto text = line.substr(line.find(':') + 1);
      while (text.starts_with(' ')) text.remove_prefix(1);
      extra += (extra.empty() ? "" : " ") + std::string(text);
    }
  }
  // How libpqxx 6.4 reports a connection that was lost before the statement.
  if (message.starts_with("Could not obtain client encoding")) return "the connection was lost";
  return extra.empty() ? message : message + " (" + extra + ")";
}

}  // namespace outboxd::postgres
