// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/migrate_report.hpp"

#include "telemetry/escape.hpp"

#include <algorithm>

namespace outboxd::daemon {
namespace {

std::string word_of(MigrateReport::Outcome outcome) {
  using Outcome = MigrateReport::Outcome;
  switch (outcome) {
    case Outcome::applied:
      return "applied";
    case Outcome::already_there:
      return "already_there";
    case Outcome::reverted:
      return "reverted";
    case Outcome::not_there:
      break;
  }
  return "not_there";
}

}  // namespace

std::string text_of(const MigrateReport& report) {
  auto words = word_of(report.outcome);
  std::ranges::replace(words, '_', ' ');
  return report.migration + ": " + words + "\n";
}

std::string json_of(const MigrateReport& report) {
  return "{\"dispatcher\":" + telemetry::json_text(report.dispatcher) +
         ",\"migration\":" + telemetry::json_text(report.migration) +
         ",\"outcome\":" + telemetry::json_text(word_of(report.outcome)) + "}\n";
}

}  // namespace outboxd::daemon
