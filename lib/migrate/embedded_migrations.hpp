// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace outboxd::migrate {

/// One numbered pair of files of migrations/.
struct Migration {
  int number = 0;
  std::string_view name;
  /// A SQL boolean expression: true in a database where this migration has nothing left to do.
  std::string_view done_when;
  std::string_view up;
  std::string_view down;
  /// False for a single statement that Postgres won't run in a transaction (CREATE INDEX CONCURRENTLY).
  bool in_transaction = true;
  /// The flag of `outboxd migrate` that asks for it, without its dashes; empty: always applied.
  std::string_view option{};
};

/// Every migration, by number. Generated when the program is built (embed.cmake).
[[nodiscard]] std::span<const Migration> migrations();

}  // namespace outboxd::migrate
