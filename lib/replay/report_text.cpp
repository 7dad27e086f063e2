// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/tally.hpp"
#include "replay/report.hpp"
#include "streams/shown.hpp"
#include "streams/text_table.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace outboxd::replay {

using dead_rows::printable;
using streams::shown;
using End = StreamTally::End;

namespace {

// A choice, which has several names.
constexpr std::size_t kMostOfALine = 6'000;

std::string rows_of(std::uint64_t count, const char* kind = "") {
  return std::to_string(count) + " " + kind + (count == 1 ? "row" : "rows");
}

/// Without decimals, so that the table fits the terminal.
std::string to_the_second(const std::string& time) {
  return time.empty() ? "-" : time.substr(0, time.find('.')) + "Z";
}

const char* why_left_out(const std::string& state) {
  if (state == "dead") return "dead: outboxd dead requeue publishes it";
  if (state == "pending") return "not published yet";
  if (state == "discarded") return "discarded, and never published";
  if (state == "foreign") return "not of this dispatcher's streams and producer";
  return state == "other stream" ? "of another stream" : "not in the table";
}

void append_left_out(std::ostringstream& text, const Plan& plan) {
  // There may be thousands.
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < std::min(kShown, plan.left_out.size()); ++i) {
    const auto& [id, state] = plan.left_out[i];
    text << "left out: " << printable(id) << " (" << why_left_out(state) << ")\n";
  }
  if (plan.left_out.size() > kShown) text << "left out: " << plan.left_out.size() - kShown << " further ids\n";
  if (plan.outside > 0) text << "left out: " << rows_of(plan.outside) << " published outside this range\n";
}

void append_some(std::ostringstream& text, const SomeRows& some, const char* what) {
  if (some.rows == 0) return;
  text << "  " << rows_of(some.rows) << " " << what << " (" << printable(some.first)
       << (some.why.empty() ? "" : ": " + printable(some.why, 1'000)) << ")\n";
}

void append_tally(std::ostringstream& text, const Plan& plan, const StreamTally& tally) {
  text << "stream " << shown(tally.stream) << ": " << tally.published << " of " << rows_of(tally.chosen)
       << " published again" << (tally.end == End::not_begun ? "; not begun" : "") << "\n";
  append_some(text, tally.unencodable, "not published: no entry can be made");
  append_some(text, tally.gone, "not published: removed or requeued meanwhile");
  append_some(text, tally.possibly_sent, "possibly sent, as no answer came; a repeat is harmless (same outbox_id)");
  if (tally.nameless > 0) {
    text << "  " << rows_of(tally.nameless) << " not published: an id of more than 4096 bytes\n";
  }
  if (!tally.why.empty()) {
    text << "  " << (tally.end == End::refused ? "refused: " : "stopped: ") << printable(tally.why, 2'000) << "\n";
  }
  if (tally.behind > 0) {
    text << "  " << rows_of(tally.behind) << " behind that one in the same write went through\n";
  }
  if (!tally.last.empty() && tally.end != End::complete) {
    text << "  done up to row " << printable(tally.last) << ", published at " << tally.last_published << "\n";
  }
  if (const auto rest = rest_of(plan, tally); !rest.empty()) {
    text << "  go on with: outboxd replay " << printable(rest, rest.size()) << "\n";
  }
}

}  // namespace

std::string rest_of(const Plan& plan, const StreamTally& tally) {
  if (tally.end == End::complete) return {};
  auto rest = plan.choice;
  rest.streams = {tally.stream};
  const bool is_first = !plan.streams.empty() && plan.streams.front().stream == tally.stream;
  if (!is_first) rest.after.reset();
  if (!tally.last.empty()) rest.after = tally.last;
  return options_of(rest);
}

std::uint64_t published_by(std::span<const StreamTally> tallies) {
  std::uint64_t published = 0;
  for (const auto& tally : tallies) published += tally.published;
  return published;
}

std::string text_of(const Plan& plan, std::size_t width) {
  std::ostringstream text;
  text << plan.dispatcher << ": " << rows_of(plan.rows(), "published ") << " of " << plan.table
       << " to publish again (" << printable(described(plan.choice), kMostOfALine) << ")\n";
  append_left_out(text, plan);
  if (!plan.streams.empty()) {
    std::vector<std::vector<std::string>> lines{{"STREAM", "ROWS", "OLDEST", "NEWEST", "BOUND"}};
    for (const auto& chosen : plan.streams) {
      lines.push_back({shown(chosen.stream), std::to_string(chosen.rows), to_the_second(chosen.oldest),
                       to_the_second(chosen.newest), std::to_string(chosen.bound.maxlen)});
    }
    text << streams::text_table(lines, width) << "OLDEST and NEWEST are of the column " << plan.time_column << "\n";
  }
  for (const auto& warning : warnings_of(plan)) text << "warning: " << printable(warning, 2'000) << "\n";
  return text.str();
}

std::string text_of(const Plan& plan, std::span<const StreamTally> tallies) {
  std::ostringstream text;
  for (const auto& tally : tallies) append_tally(text, plan, tally);
  append_left_out(text, plan);
  return text.str();
}

}  // namespace outboxd::replay
