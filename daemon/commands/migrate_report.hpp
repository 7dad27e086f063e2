// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::daemon {

/// What became of one migration.
struct MigrateReport {
  /// One that uses the database.
  std::string dispatcher;
  /// "0001_event_outbox".
  std::string migration;
  enum class Outcome { applied, already_there, reverted, not_there } outcome = Outcome::applied;
};

/// One line, with its end.
[[nodiscard]] std::string text_of(const MigrateReport& report);
/// The same as JSON; deploy/JSON.md has the fields.
[[nodiscard]] std::string json_of(const MigrateReport& report);

}  // namespace outboxd::daemon
