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

/// The content of postgres.url, whichever driver it was written for.
struct PostgresUrl {
  /// The connection string for libpq: the text itself where libpq can read it, otherwise the same as key=value text.
  std::string text;
  /// The names of the parameters in it.
  std::vector<std::string> parameters;
  std::vector<std::string> warnings;
  /// In milliseconds.
  std::optional<std::int64_t> statement_timeout;
  bool transaction_pooler = false;
  /// The table's schema.
  std::string schema;
};

/// Reads a URL or key=value text; its steps are in postgres_parts.hpp. Problems are clauses that name the parameter
/// and never quote a value.
Checked<PostgresUrl> read_postgres_url(std::string_view text);

/// The problem alone.
std::string check_postgres_url(std::string_view text);

/// Libpq's knowledge, passed in by code that may call it.
struct Libpq {
  /// The names of its parameters; empty: any name is accepted.
  std::vector<std::string> parameters{};
  /// Why a connection string that read_postgres_url() made can't work, as a clause of the same kind; "" if it may.
  std::function<std::string(const std::string&)> refusal{};
  /// Doubts about a connection string that may work; clauses.
  std::function<std::vector<std::string>(const std::string&)> doubts{};
};

/// Libpq's objection to a connection; "" if there is none.
std::string refused_by(const Libpq& libpq, const PostgresUrl& url);

}  // namespace outboxd::config
