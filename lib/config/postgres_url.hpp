// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// What postgres.url asks for, whichever driver it was written for.
struct PostgresUrl {
  /// For libpq: the text itself where that is for libpq already, else the same as key=value text.
  std::string text;
  /// The names of the parameters in it.
  std::vector<std::string> parameters;
  std::vector<std::string> warnings;
  /// Milliseconds.
  std::optional<std::int64_t> statement_timeout;
  bool transaction_pooler = false;
  /// That the table is in.
  std::string schema;
};

/// A URL or key=value text; its steps are in postgres_parts.hpp. Problems are
/// clauses that name the parameter and never quote a value.
Checked<PostgresUrl> read_postgres_url(std::string_view text);

/// The same as an option's check.
std::string check_postgres_url(const Value& value);

/// What libpq knows, brought in by those who may ask it.
struct Libpq {
  /// Its parameters' names; none: any name is taken.
  std::vector<std::string> parameters{};
  /// Why a connection string that read_postgres_url() made can't work, as a clause of the same kind; "" if it may.
  std::function<std::string(const std::string&)> refusal{};
  /// What is doubtful in one that may work; clauses.
  std::function<std::vector<std::string>(const std::string&)> doubts{};
};

/// What is wrong with a connection as libpq sees it; "" if nothing is.
std::string refused_by(const Libpq& libpq, const PostgresUrl& url);

}  // namespace outboxd::config
