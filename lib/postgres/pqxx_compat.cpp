// SPDX-License-Identifier: Apache-2.0
#include "postgres/pqxx_compat.hpp"

#include "outbox/utf8.hpp"
#include "postgres/server_text.hpp"

#include <new>
#include <stdexcept>

namespace outboxd::postgres {
namespace {

constexpr std::size_t kLongestMessage = 500;

void refuse_nul_bytes(const std::vector<Parameter>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] && parameters[i]->find('\0') != std::string::npos) {
      throw std::invalid_argument("parameter $" + std::to_string(i + 1) +
                                  " holds a NUL byte, which Postgres can't store: remove it");
    }
  }
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
// Deprecated because 7.0 drops silent reconnection altogether, which is what this code needs.
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

namespace {

template <class... Kinds>
bool is_any_of(const std::exception& error) {
  return ((dynamic_cast<const Kinds*>(&error) != nullptr) || ...);
}

}  // namespace

std::string sqlstate_of(const std::exception& error) {
  // libpqxx 6.4 distinguishes these only by their type.
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
  if (dynamic_cast<const pqxx::too_many_connections*>(&error) != nullptr) return "53300";
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) return sql->sqlstate();
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr) return "40P01";
  if (dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr) return "40001";
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error) != nullptr) return "40003";
  if (dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr) return "40000";
  return {};
}

std::string message_of(const std::exception& error, std::string_view ours) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "not enough memory for what Postgres returns: lower dispatcher.batch_bytes and "
           "dispatcher.max_payload_bytes, or give the process more";
  }
  // The message about a misuse, or about a value that libpqxx can't convert, may quote the value.
  const bool from_postgres = dynamic_cast<const pqxx::failure*>(&error) != nullptr;
  if (from_postgres) return shown_message(sqlstate_of(error), error.what(), ours);
  if (is_any_of<pqxx::argument_error, pqxx::conversion_error, pqxx::internal_error, pqxx::range_error,
                pqxx::usage_error>(error)) {
    return "an answer that libpqxx can't read";
  }
  return utf8::shortened(error.what(), kLongestMessage);
}

std::string whole_message_of(const std::exception& error) {
  return whole_message(error.what());
}

}  // namespace outboxd::postgres
