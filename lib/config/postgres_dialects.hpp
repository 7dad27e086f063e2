// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/conninfo.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::config {

/// What the parameters of other drivers ask for, in our words.
struct Translated {
  /// libpq's alone, but for those unknown here: libpq refuses them.
  KeywordValues pairs{};
  /// Whether that is something else than what was given.
  bool changed = false;
  /// The first parameter that can't be translated, why, and what to write instead; or "".
  std::string problem{};
  std::vector<std::string> warnings{};
  /// Milliseconds.
  std::optional<std::int64_t> statement_timeout{};
  bool transaction_pooler = false;
  /// The schema that the table is in.
  std::string schema{};
};

/// Translates what node-postgres, Prisma, pgx, SQLAlchemy, asyncpg, JDBC and their like add to libpq's parameters.
/// Texts name parameters and quote no value.
Translated translate_postgres(const KeywordValues& pairs);

}  // namespace outboxd::config
