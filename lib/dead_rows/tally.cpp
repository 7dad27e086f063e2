// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/tally.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace outboxd::dead_rows {

using telemetry::json_or_null;
using telemetry::json_text;
using telemetry::log::redacted;

namespace {

std::string rows(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

std::string past_of(const Report& report) {
  if (report.action == "requeue") return "requeued";
  return report.how == "marked" ? "marked as discarded" : "deleted";
}

void append_not_done(std::ostringstream& text, const Tally& tally) {
  if (tally.unchanged > 0) {
    text << rows(tally.unchanged) << " not changed: locked by another transaction, changed meanwhile, or kept by a "
         << "trigger or policy (" << printable(tally.first_unchanged) << "); run the command again\n";
  }
  if (tally.refused > 0) {
    text << rows(tally.refused) << " not changed, as Postgres refuses the change (" << printable(tally.first_refused)
         << ": " << printable(tally.refusal, 1'000) << ")\n";
  }
  if (tally.nameless > 0) {
    text << rows(tally.nameless) << " not changed, as the id is longer than 4096 bytes: no entry can have it; change "
         << "such a row by SQL\n";
  }
}

void append_not_chosen(std::ostringstream& text, const Report& report) {
  constexpr std::size_t kMost = 20;
  const auto& rows_of = report.not_chosen;
  for (std::size_t i = 0; i < std::min(rows_of.size(), kMost); ++i) {
    text << text_of(rows_of[i], report.table) << "\n";
  }
  if (rows_of.size() > kMost) text << "and " << rows_of.size() - kMost << " further rows that are not dead\n";
}

void append_outcomes(std::ostringstream& text, const Outcomes& outcomes) {
  text << "of the requeued rows: " << outcomes.published << " published, " << outcomes.dead << " dead again, "
       << outcomes.retrying << " failed again and waiting for a retry, " << outcomes.waiting << " still on their way";
  if (outcomes.gone > 0) text << ", " << outcomes.gone << " deleted meanwhile";
  text << "\n";
}

}  // namespace

std::string printable(const std::string& text, std::size_t most_bytes) {
  std::string line;
  // Masked before it is escaped or cut, as a secret with a quote in it would not be found afterwards.
  telemetry::append_printable(line, utf8::shortened(telemetry::log::redacted(text), most_bytes));
  return line;
}

std::string text_of(const Report& report) {
  std::ostringstream text;
  const auto& tally = report.tally;
  if (report.dry_run) {
    text << rows(tally.matched) << " of " << report.table << " would be " << past_of(report) << "\n";
    append_not_chosen(text, report);
    return text.str();
  }
  text << tally.done << " of " << rows(tally.matched) << " of " << report.table << " " << past_of(report);
  if (!report.file.empty() && tally.done > 0) text << ", and exported to " << printable(report.file, 4'096);
  text << "\n";
  append_not_chosen(text, report);
  append_not_done(text, tally);
  if (!tally.stopped.empty()) {
    text << "stopped after " << rows(tally.done) << ": " << printable(tally.stopped, 1'000) << "; "
         << (tally.in_doubt
                 ? "whether the last batch, of at most 500 rows, was changed as well is unknown" +
                       std::string{report.file.empty() ? "" : " (" + printable(report.file, 4'096) + " has its rows)"}
                 : "all others are as they were")
         << "\n";
  }
  if (report.outcomes) append_outcomes(text, *report.outcomes);
  return text.str();
}

std::string json_of(const Report& report) {
  std::ostringstream json;
  const auto& tally = report.tally;
  json << "{\"dispatcher\":" << json_text(redacted(report.dispatcher))
       << ",\"table\":" << json_text(redacted(report.table)) << ",\"action\":" << json_text(redacted(report.action))
       << ",\"dry_run\":" << (report.dry_run ? "true" : "false") << ",\"matched\":" << tally.matched
       << ",\"changed\":" << tally.done << ",\"unchanged\":" << tally.unchanged << ",\"refused\":" << tally.refused
       << ",\"nameless\":" << tally.nameless << ",\"refusal\":" << json_or_null(redacted(tally.refusal))
       << ",\"stopped\":" << json_or_null(redacted(tally.stopped))
       << ",\"in_doubt\":" << (tally.in_doubt ? "true" : "false");
  json << ",\"not_chosen\":[";
  for (const auto& row : report.not_chosen) {
    json << (&row == report.not_chosen.data() ? "" : ",") << "{\"id\":" << json_text(row.id)
         << ",\"state\":" << json_or_null(row.state) << "}";
  }
  json << "]";
  if (report.action == "discard") {
    json << ",\"how\":" << json_text(redacted(report.how)) << ",\"file\":" << json_or_null(redacted(report.file));
  }
  if (report.outcomes) {
    const auto& outcomes = *report.outcomes;
    json << ",\"published\":" << outcomes.published << ",\"dead_again\":" << outcomes.dead
         << ",\"retrying\":" << outcomes.retrying << ",\"waiting\":" << outcomes.waiting
         << ",\"gone\":" << outcomes.gone;
  }
  json << "}\n";
  return json.str();
}

}  // namespace outboxd::dead_rows
