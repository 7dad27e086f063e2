// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace outboxd::migrate {

/// A migration: a numbered pair of files in migrations/.
struct Migration {
  int number = 0;
  std::string_view name;
  /// A boolean expression in SQL, true if the migration has nothing left to do in this database.
  std::string_view done_when;
  std::string_view up;
  std::string_view down;
  /// False for a single statement that Postgres won't run in a transaction (CREATE INDEX CONCURRENTLY).
  bool in_transaction = true;
  /// The flag of `outboxd migrate` that selects it, without dashes; empty: it is always applied.
  std::string_view option{};
};

/// Every migration, by number. Generated when the program is built (embed.cmake).
[[nodiscard]] std::span<const Migration> migrations();

}  // namespace outboxd::migrate
