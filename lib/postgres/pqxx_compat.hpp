// SPDX-License-Identifier: Apache-2.0
// The one place that knows how libpqxx 6.4 (Debian 12) and 7.10 (Debian 13) differ.
#pragma once

#include <pqxx/pqxx>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// 604 for libpqxx 6.4, 710 for 7.10.
#define OUTBOXD_PQXX_VERSION (PQXX_VERSION_MAJOR * 100 + PQXX_VERSION_MINOR)

namespace outboxd::postgres {

/// A statement's parameter in Postgres' text format; empty is NULL.
using Parameter = std::optional<std::string>;

/// A parameter that is NULL for an empty text.
[[nodiscard]] inline Parameter or_null(const std::string& text) {
  return text.empty() ? Parameter{} : Parameter{text};
}

/// Opens a connection that never reconnects by itself: once lost, every use of it throws pqxx::broken_connection.
/// Blocks up to the connect_timeout of `conninfo` (a URL or key=value text). Throws pqxx::broken_connection.
[[nodiscard]] std::unique_ptr<pqxx::connection> open_connection(const std::string& conninfo);

/// Runs one statement with parameters ($1, $2, …); with none, `sql` may hold several statements. Blocks until the
/// whole result is here. Throws std::invalid_argument for a parameter with a NUL byte, which Postgres can't store.
pqxx::result exec_parameters(pqxx::transaction_base& transaction, const std::string& sql,
                             const std::vector<Parameter>& parameters);

/// Prepares a statement under a name that the connection has not used yet. Blocks, or leaves it to the first use.
void prepare(pqxx::connection& connection, const std::string& name, const std::string& sql);

/// Runs a prepared statement, as exec_parameters does.
pqxx::result exec_prepared(pqxx::transaction_base& transaction, const std::string& name,
                           const std::vector<Parameter>& parameters);

/// How many notifications have come since the last call, of any channel that the connection listens to. Does not
/// block; not inside a transaction. Throws pqxx::broken_connection.
[[nodiscard]] inline int notifications(pqxx::connection& connection) {
  return connection.get_notifs();
}

/// The SQLSTATE of a libpqxx exception, empty where it carries none. Knows the exceptions to which libpqxx 6.4 gives
/// none: deadlock, serialization failure, missing privilege, too many connections. A class 08 error that the server
/// sent is a pqxx::broken_connection without one; a server that shuts down (57P01 to 57P03) is a plain sql_error.
[[nodiscard]] std::string sqlstate_of(const std::exception& error);

/// The error's text as it may be shown anywhere: see server_text.hpp. `ours`: this program's own words in it.
[[nodiscard]] std::string message_of(const std::exception& error, std::string_view ours = {});

/// Postgres' message in its own words, which may quote rows: for the row's own `last_error`, and for commands that an
/// operator runs on rows.
[[nodiscard]] std::string whole_message_of(const std::exception& error);

/// The number of rows that an INSERT, UPDATE or DELETE changed.
[[nodiscard]] inline std::size_t affected_rows(const pqxx::result& result) {
  return static_cast<std::size_t>(result.affected_rows());
}

/// The number of rows in a result.
[[nodiscard]] inline std::size_t row_count(const pqxx::result& result) {
  return static_cast<std::size_t>(result.size());
}

/// A column's text, as long as its result lives; empty text for NULL.
[[nodiscard]] inline std::string_view view_of(const pqxx::field& field) {
  return {field.c_str(), static_cast<std::size_t>(field.size())};
}

/// A copy of a column's text.
[[nodiscard]] inline std::string text_of(const pqxx::field& field) {
  return std::string{view_of(field)};
}

/// Whether a boolean is true; false for NULL.
[[nodiscard]] inline bool is_true(const pqxx::field& field) {
  return !field.is_null() && text_of(field) == "t";
}

/// A column's text; no value for NULL. (Reading std::optional through libpqxx 6.4 is broken.)
[[nodiscard]] inline std::optional<std::string> optional_text_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return text_of(field);
}

[[nodiscard]] inline Parameter to_parameter(std::string_view value) {
  return std::string(value);
}
[[nodiscard]] inline Parameter to_parameter(const std::string& value) {
  return value;
}
[[nodiscard]] inline Parameter to_parameter(const char* value) {
  return std::string(value);
}
[[nodiscard]] inline Parameter to_parameter(std::nullopt_t /*null*/) {
  return std::nullopt;
}
[[nodiscard]] inline Parameter to_parameter(const Parameter& value) {
  return value;
}
template <typename Bool>
requires std::same_as<Bool, bool>
[[nodiscard]] Parameter to_parameter(Bool value) {
  return value ? "true" : "false";
}
template <typename Integer>
requires std::integral<Integer> &&(!std::same_as<Integer, bool>) [[nodiscard]] Parameter to_parameter(Integer value) {
  return std::to_string(value);
}

/// exec_parameters with plain arguments: strings, integers, bool, std::optional<std::string>, std::nullopt.
/// An array travels as its literal (see array_literal.hpp) with a cast in the SQL: `$1::text[]`.
template <typename... Args>
pqxx::result exec(pqxx::transaction_base& transaction, const std::string& sql, const Args&... args) {
  return exec_parameters(transaction, sql, std::vector<Parameter>{to_parameter(args)...});
}

}  // namespace outboxd::postgres
