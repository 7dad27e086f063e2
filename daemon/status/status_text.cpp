// SPDX-License-Identifier: Apache-2.0
// `outboxd status` as text.
#include "daemon/status/status_report.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/locked_rows_log.hpp"
#include "telemetry/utc_time.hpp"

#include <algorithm>
#include <array>
#include <iomanip>
#include <numeric>
#include <sstream>

namespace outboxd::daemon {
namespace {

using std::chrono::system_clock;

constexpr std::size_t kColumns = 10;
using Line = std::array<std::string, kColumns>;

const Line kTitles{"DISPATCHER", "TABLE",    "PENDING", "OLDEST",  "DELAYED",
                   "LEASED",     "IN RETRY", "DEAD",    "PER MIN", "AGE"};

std::string count(std::uint64_t number, std::uint64_t cap) {
  return std::to_string(number) + (number >= cap ? "+" : "");
}

std::string age(const dispatch::BacklogSample& backlog) {
  if (!backlog.oldest_pending) return "-";
  const auto seconds = static_cast<double>(backlog.oldest_pending->count()) / 1000;
  std::ostringstream text;
  text << std::fixed << std::setprecision(seconds < 100 ? 1 : 0) << seconds << "s";
  return text.str();
}

/// "59 s", "3 min 20 s", "5 h 3 min", "3 d 4 h".
std::string span(system_clock::duration time) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  // Not negative, as a clock may have been set back meanwhile.
  const std::int64_t seconds = std::max<std::int64_t>(
      0, static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count()));
  const auto in = [&](std::int64_t large, const char* unit, std::int64_t small, const char* rest) {
    return std::to_string(seconds / large) + unit + std::to_string(seconds % large / small) + rest;
  };
  if (seconds < kMinute) return std::to_string(seconds) + " s";
  if (seconds < kHour) return in(kMinute, " min ", 1, " s");
  return seconds < kDay ? in(kHour, " h ", kMinute, " min") : in(kDay, " d ", kHour, " h");
}

Line line_of(const DispatcherStatus& status, system_clock::time_point now) {
  const auto last_minute = status.published_last_minute ? std::to_string(*status.published_last_minute) : "-";
  if (!status.figures) return {status.dispatcher, status.table, "?", "?", "?", "?", "?", "?", last_minute, "-"};
  const auto& backlog = status.figures->overview.backlog;
  const bool all = !status.figures->sampled_by_daemon;
  return {status.dispatcher,
          status.table,
          count(backlog.pending, backlog.cap),
          age(backlog),
          count(backlog.delayed, backlog.cap),
          all ? count(backlog.leased, backlog.cap) : "?",
          all ? count(backlog.retrying, backlog.cap) : "?",
          count(backlog.dead, backlog.cap),
          last_minute,
          span(now - status.figures->counted_at)};
}

std::size_t total_of(const std::array<std::size_t, kColumns>& widths, std::size_t between) {
  return std::accumulate(widths.begin(), widths.end(), (kColumns - 1) * between);
}

/// Makes the names narrower, the table's first, as far as they stay readable.
void fit(std::array<std::size_t, kColumns>& widths, std::size_t between, std::size_t width) {
  constexpr std::size_t kLeast = 8;
  for (const std::size_t name : {1, 0}) {
    const auto total = total_of(widths, between);
    if (width == 0 || total <= width) return;
    const auto spare = widths.at(name) - std::min(widths.at(name), kLeast);
    widths.at(name) -= std::min(spare, total - width);
  }
}

std::string in_width(const std::string& text, std::size_t width) {
  constexpr std::size_t kDots = 3;
  return text.size() <= width ? text : utf8::shortened(text, width - kDots);
}

void append_table(const StatusReport& report, std::size_t width, std::ostringstream& text) {
  std::vector<Line> lines{kTitles};
  for (const auto& status : report.dispatchers) lines.push_back(line_of(status, report.at));
  std::array<std::size_t, kColumns> widths{};
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths.at(i) = std::max(widths.at(i), line.at(i).size());
  }
  const std::size_t between = width > 0 && total_of(widths, 2) > width ? 1 : 2;
  fit(widths, between, width);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      // Names to the left, numbers to the right.
      text << (i > 0 ? std::string(between, ' ') : "") << (i < 2 ? std::left : std::right)
           << std::setw(static_cast<int>(widths.at(i))) << in_width(line.at(i), widths.at(i));
    }
    text << "\n";
  }
}

std::string described(const DispatcherState& state, system_clock::time_point now) {
  std::string text = state.ready ? "ready" : "not ready";
  if (state.since) text += " since " + telemetry::utc_text(*state.since) + " (" + span(now - *state.since) + ")";
  return state.reason.empty() ? text : text + ": " + state.reason;
}

/// Whether the daemon reports locked rows itself. It finds them by its samples, and so later than `outboxd status`.
bool daemon_names_locked_rows(const DispatcherStatus& status) {
  return status.state && std::ranges::any_of(status.state->notes, [](const std::string& note) {
           return note.find(telemetry::kKeepThemLocked) != std::string::npos;
         });
}

/// Row ids and session names come from outside: puts them on one line, without control characters.
std::string printable(const std::string& names) {
  constexpr std::size_t kLongest = 1'000;
  std::string text;
  telemetry::append_printable(text, utf8::shortened(names, kLongest));
  return text;
}

void append_lines(const DispatcherStatus& status, const StatusReport& report, std::ostringstream& text) {
  const auto say = [&](const std::string& line) { text << status.dispatcher << ": " << line << "\n"; };
  if (status.state) {
    say(described(*status.state, report.at));
    for (const auto& note : status.state->notes) say(note);
  } else if (report.daemon.answers()) {
    say("the daemon at " + report.daemon.address + " has no dispatcher of this name");
  }
  if (!status.problem.empty()) {
    say("its table could not be looked at: " + status.problem);
    if (status.figures)
      say("the figures are from the daemon's last sample, " + span(report.at - status.figures->counted_at) + " ago");
  }
  if (!status.figures) return;
  const auto& locked = status.figures->overview.locked;
  if (locked.rows > 0 && !locked.first.empty() && !daemon_names_locked_rows(status)) {
    say(std::to_string(locked.rows) + (locked.rows == 1 ? " row is" : " rows are") +
        " due for more than 10 s and locked by other transactions, so that no dispatcher can claim them (one is "
        "row " +
        printable(locked.first) + ")" + (locked.who.empty() ? "" : ": " + printable(locked.who)) +
        "; end that transaction");
  }
  const auto& backlog = status.figures->overview.backlog;
  if (backlog.dead > 0)
    say(count(backlog.dead, backlog.cap) + (backlog.dead == 1 ? " row is dead" : " rows are dead"));
}

void append_lines(const DaemonAnswer& daemon, std::ostringstream& text) {
  if (!daemon.asked) {
    text << "no daemon is asked, as http.listen is " << daemon.address << "\n";
  } else if (!daemon.answers()) {
    text << "no daemon answers at " << daemon.address << " (" << daemon.why_none << ")\n";
  }
  if (daemon.state.signing && !daemon.state.signing->key_id.empty()) {
    text << "signing: entries are " << text_of(*daemon.state.signing) << "\n";
  }
  for (const auto& note : daemon.state.notes) text << note << "\n";
  if (!daemon.why_no_metrics.empty()) {
    text << "/metrics at " << daemon.address
         << " is not known, and so is what was published in the last minute: " << daemon.why_no_metrics << "\n";
  }
}

void append_lines(const GroupLook& groups, std::ostringstream& text) {
  for (const auto& one : groups.stopped) {
    text << "stream " << printable(one.stream) << ": consumer group " << printable(one.group)
         << " has stopped reading: " << printable(one.state) << "; see outboxd streams status\n";
  }
  for (const auto& problem : groups.problems) text << printable(problem) << "\n";
}

}  // namespace

std::string text_of(const StatusReport& report, std::size_t width) {
  std::ostringstream text;
  text << telemetry::utc_text(report.at) << "\n";
  append_table(report, width, text);
  append_lines(report.daemon, text);
  for (const auto& status : report.dispatchers) append_lines(status, report, text);
  append_lines(report.groups, text);
  return text.str();
}

}  // namespace outboxd::daemon
