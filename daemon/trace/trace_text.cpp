// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/entry_range.hpp"
#include "daemon/trace/render.hpp"
#include "daemon/trace/row_story.hpp"
#include "daemon/trace/stream_story.hpp"
#include "outbox/utf8.hpp"
#include "streams/shown.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"
#include "telemetry/utc_time.hpp"

#include <string_view>

namespace outboxd::daemon::trace {
namespace {

using streams::shown;

constexpr std::size_t kLongestError = 300;
// A narrower terminal gets lines of this width.
constexpr std::size_t kLeastTraceWidth = 50;

std::string printable(std::string_view text, std::size_t most = std::string_view::npos) {
  std::string line;
  telemetry::append_printable(line, utf8::shortened(telemetry::log::redacted(text), most));
  return line;
}

/// Lines of a width.
class TraceLines {
 public:
  explicit TraceLines(std::size_t width) : width_{width == 0 ? 0 : std::max(width, kLeastTraceWidth)} {}

  void title(const std::string& words) { add("", 0, words); }

  /// A name and what is known of it, wrapped under itself.
  void line(std::size_t depth, const std::string& name, const std::string& words) {
    constexpr std::size_t kNames = 16;
    auto beginning = std::string(2 * depth, ' ') + name;
    beginning.resize(std::max(beginning.size() + 1, kNames), ' ');
    add(beginning, beginning.size(), words);
  }

  void item(const std::string& words) { add("  - ", 4, words); }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void add(std::string line, std::size_t indent, std::string_view words) {
    bool is_first = true;
    while (!words.empty()) {
      const auto end = words.find(' ');
      auto word = words.substr(0, end);
      words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
      if (!is_first && width_ > 0 && line.size() + 1 + word.size() > width_) {
        text_.append(line).append("\n");
        line.assign(indent, ' ');
        is_first = true;
      }
      if (!is_first) line += ' ';
      // A word that is longer than a line, such as a payload without blanks.
      while (width_ > indent + 8 && line.size() + word.size() > width_) {
        const auto part = utf8::beginning(word, width_ - line.size());
        if (part.empty()) break;
        text_.append(line).append(part).append("\n");
        line.assign(indent, ' ');
        word.remove_prefix(part.size());
      }
      line += word;
      is_first = false;
    }
    text_.append(line).append("\n");
  }

  std::size_t width_;
  std::string text_;
};

std::string with_relative(const Moment& moment, Milliseconds now) {
  const auto when = relative(moment, now);
  return moment.text + (when.empty() ? "" : " (" + when + ")");
}

std::string lease_text(const RowFacts& row) {
  auto text = "until " + with_relative(lease_end_of(row), row.now);
  if (!row.has_lease_columns) return text + "; this layout doesn't say which instance has it";
  text += ", held by " + described_worker(row.leased_by);
  if (row.holder == Holder::lives) text += ", which lives";
  if (row.holder == Holder::gone) text += ", which is gone";
  return text;
}

std::string dispatchers_text(const RowFacts& row) {
  std::string names;
  for (const auto& dispatcher : row.dispatchers) {
    if (dispatcher.takes_row) names.append(names.empty() ? "" : ", ").append(printable(dispatcher.name));
  }
  return names.empty() ? "none of the chosen ones takes it" : names;
}

std::string payload_text(const RowFacts& row) {
  const auto bytes = row.payload_bytes ? streams::shown_bytes(*row.payload_bytes) : std::string{};
  if (!row.why_no_payload.empty()) return bytes + (bytes.empty() ? "" : "; ") + printable(row.why_no_payload);
  return bytes + (row.payload ? "" : " (--payload shows it)");
}

void add_row(TraceLines& lines, const RowFacts& row) {
  const auto state = state_of(row);
  const auto time = [&](const char* name, const Moment& moment) {
    if (!moment.text.empty()) lines.line(1, name, with_relative(moment, row.now));
  };
  lines.title("row " + shown(row.id) + " of " + printable(row.table));
  lines.line(1, "state", to_string(state));
  lines.line(1, "stream", shown(row.stream));
  lines.line(1, "dispatcher", dispatchers_text(row));
  if (!row.producer.empty()) lines.line(1, "producer", shown(row.producer));
  if (row.dedupe_key) lines.line(1, "dedupe key", shown(*row.dedupe_key));
  const auto most = most_attempts_of(row);
  lines.line(1, "attempts", std::to_string(row.attempts) + (most ? " of " + std::to_string(*most) : ""));
  time("created", row.created);
  // Of a finished row it says nothing more.
  if (row.is_pending && !row.is_dead) time("due", row.due);
  time("published", row.published);
  // The lease's holder stays in the row: with several dispatchers it is the one whose key and bounds were used.
  const bool is_finished = state == RowState::published || state == RowState::dead;
  if (is_finished && !row.leased_by.empty()) lines.line(1, "claimed by", described_worker(row.leased_by));
  if (state == RowState::leased) lines.line(1, "lease", lease_text(row));
  for (const auto& who : row.locked_by) lines.line(1, "locked by", printable(who, kLongestError));
  if (row.last_error) lines.line(1, "last error", printable(*row.last_error, kLongestError));
  lines.line(1, "payload", payload_text(row));
  if (row.payload) lines.line(1, "", printable(*row.payload));
}

std::string group_text(const EntryFacts& entry, const GroupFacts& facts) {
  switch (progress_of(entry.id, facts)) {
    case Progress::unread:
      return "not yet read";
    case Progress::passed:
      return std::string{
                 "passed: not pending, and the group's position is past the entry: it was acknowledged, read "
                 "without acknowledging (NOACK), or skipped, as the group began or was set (XGROUP SETID) "
                 "behind it"} +
             (facts.group.consumers == 0 ? "; the group has no consumer" : "");
    case Progress::pending: {
      const auto& pending = *facts.pending;
      std::string text = "delivered " + std::to_string(pending.deliveries) +
                         (pending.deliveries == 1 ? " time" : " times") + " and not acknowledged: pending with ";
      text += pending.consumer.empty() ? "no consumer, as one gave it back" : "consumer " + shown(pending.consumer);
      return text + (pending.idle ? ", idle " + shown_time(*pending.idle) : "");
    }
    case Progress::unknown:
      break;
  }
  return "the group's position is past the entry; whether it is pending can't be known here: " +
         printable(facts.why_unknown, kLongestError);
}

void add_entry(TraceLines& lines, const EntryFacts& entry, const StreamFacts& stream, const Facts& facts) {
  const auto time = time_of(entry.id);
  lines.line(1, "entry",
             entry.id + (time ? ", added " + telemetry::utc_text(*time) : "") +
                 (entry.outbox_id == facts.id ? "" : ", outbox_id " + shown(entry.outbox_id)));
  lines.line(2, "signature",
             entry.judgement ? printable(reason_of(*entry.judgement, facts.keys))
                             : "can't be known here: there is no key to check with (signing.key)");
  for (const auto& group : entry.groups)
    lines.line(2, "group", shown(group.group.name) + ": " + group_text(entry, group));
  if (entry.groups.empty()) {
    lines.line(2, "groups", stream.groups ? "none" : "can't be known here: " + printable(stream.why_no_groups));
  }
}

void add_stream(TraceLines& lines, const StreamFacts& stream, const RowFacts* row, const Facts& facts) {
  const auto& search = stream.search;
  lines.title("stream " + shown(stream.stream) + " at " + printable(stream.server));
  if (stream.problem.empty() && !stream.is_missing) {
    const auto from = time_of(search.from);
    lines.line(1, "searched",
               (from ? "from " + telemetry::utc_text(*from) + " on" : std::string{"all of it"}) + ", " +
                   std::to_string(search.entries_read) + (search.entries_read == 1 ? " entry" : " entries") +
                   (search.why_incomplete.empty() ? "" : "; NOT ALL: " + printable(search.why_incomplete)));
  }
  for (const auto& entry : stream.entries) add_entry(lines, entry, stream, facts);
  if (search.unlisted > 0)
    lines.line(1, "", "and " + std::to_string(search.unlisted) + " further entries with this id");
  if (!stream.entries.empty()) return;
  const auto absence = absence_of(stream, row);
  const auto what = absence.what == Absence::trimmed   ? "gone by trimming: "
                    : absence.what == Absence::missing ? "missing: "
                    : absence.what == Absence::unknown ? "unknown: "
                                                       : "none: ";
  lines.line(1, "entry", what + printable(absence.why));
  if (row == nullptr) return;
  for (const auto& group : groups_that_lost_it(stream, *row))
    lines.line(2, "group", shown(group) + ": never read it");
}

/// The streams of a story without a row: those with an entry, those that were not searched to their end, and the
/// names of all others.
void add_streams_without_row(TraceLines& lines, const Story& story, const Facts& facts) {
  std::string others;
  for (const auto& stream : story.streams) {
    // What has a problem is among what can't be known.
    if (!stream.entries.empty() || (stream.problem.empty() && !stream.search.why_incomplete.empty())) {
      add_stream(lines, stream, nullptr, facts);
    } else if (stream.problem.empty()) {
      others += (others.empty() ? "" : ", ") + shown(stream.stream) + (stream.is_missing ? " (no such stream)" : "");
    }
  }
  if (!others.empty()) lines.title("no entry in: " + others);
}

/// What is known where there is no row.
std::string without_row_text(const Facts& facts) {
  const std::string id = "the id " + shown(facts.id);
  const std::string but = facts.is_partial ? "; some tables could not be searched" : "";
  if (is_found(facts)) return "no row with " + id + " was found" + but;
  return "no row and no entry with " + id + " was found" + but;
}

}  // namespace

std::string text_of(const Facts& facts, std::size_t width) {
  TraceLines lines{width};
  std::vector<std::string> next;
  for (const auto& story : facts.stories) {
    const auto* row = story.row ? &*story.row : nullptr;
    if (row == nullptr) {
      lines.title(without_row_text(facts));
      add_streams_without_row(lines, story, facts);
    } else {
      add_row(lines, *row);
      next.push_back(next_of(*row));
    }
    for (const auto& stream : story.streams) {
      if (row != nullptr) add_stream(lines, stream, row, facts);
      for (auto& words : next_of(stream, row)) next.push_back(std::move(words));
    }
  }
  std::erase(next, "");
  if (!next.empty()) lines.title("what happens next");
  for (const auto& words : next) lines.item(printable(words));
  if (!facts.unknown.empty()) lines.title("can't be known here");
  for (const auto& words : facts.unknown) lines.item(printable(words));
  return lines.text();
}

}  // namespace outboxd::daemon::trace
