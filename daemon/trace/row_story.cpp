// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/row_story.hpp"

#include "streams/shown.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace outboxd::daemon::trace {
namespace {

using streams::shown;

bool is_later(const Moment& moment, Milliseconds now) {
  return moment.text == "infinity" || (moment.since_epoch && *moment.since_epoch > now);
}

std::string at(const Moment& moment, Milliseconds now) {
  const auto when = relative(moment, now);
  return moment.text + (when.empty() ? "" : " (" + when + ")");
}

/// As a word of a shell's command line.
std::string quoted_id(const std::string& id) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
  if (!id.empty() && id.find_first_not_of(kPlain) == std::string::npos) return id;
  std::string word = "'";
  for (const char c : shown(id)) word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + "'";
}

Milliseconds longest_lease_of(const RowFacts& row) {
  Milliseconds longest{0};
  for (const auto& dispatcher : row.dispatchers) longest = std::max(longest, dispatcher.lease);
  return longest;
}

std::string taker_of(const RowFacts& row) {
  const auto taker = std::ranges::find_if(row.dispatchers, &DispatcherOfTable::takes_row);
  return taker == row.dispatchers.end() ? "" : taker->name;
}

bool is_exhausted(const RowFacts& row) {
  return row.attempts >= most_attempts_of(row).value_or(UINT32_MAX);
}

std::string attempt(const RowFacts& row) {
  return "attempt " + std::to_string(row.attempts + 1) + " of " + std::to_string(most_attempts_of(row).value_or(0));
}

std::string next_of_leased(const RowFacts& row) {
  const auto end = at(lease_end_of(row), row.now);
  if (!row.has_lease_columns) {
    return "a dispatcher has it until " + end +
           " and publishes it before then, or it is due only then: this layout has the same column for both";
  }
  const auto lease = "the lease of instance " + described_worker(row.leased_by) + " ends at " + end;
  if (row.holder == Holder::gone) {
    return lease + ", and that instance is gone: a running dispatcher takes the row over within seconds";
  }
  return lease + ": it publishes the row before then, or any dispatcher claims it again";
}

std::string next_of_scheduled(const RowFacts& row) {
  const auto time = at(row.due, row.now);
  // A row of a layout with states may wait for ever.
  if (!row.due.since_epoch) return "nothing: it is due at " + time + ", and no dispatcher claims it";
  if (row.attempts == 0) return "it is due at " + time + ", and no dispatcher claims it before";
  if (is_exhausted(row)) return "its claim at " + time + " makes it dead: all its attempts are used";
  const auto lease = !row.has_lease_columns && *row.due.since_epoch - row.now <= longest_lease_of(row)
                         ? "; or a dispatcher has it until then: this layout has the same column for both"
                         : "";
  return attempt(row) + " follows at " + time + lease;
}

std::string next_of_due(const RowFacts& row) {
  if (!row.locked_by.empty()) {
    return "a transaction keeps it locked, so no dispatcher claims it before that ends: " + shown(row.locked_by[0]);
  }
  std::string text = "it is due now and waits for a dispatcher";
  if (row.due.since_epoch && *row.due.since_epoch <= row.now) {
    text += ": none has claimed it for " + shown_time(row.now - *row.due.since_epoch);
  }
  if (!row.leased_until.text.empty() && !row.leased_by.empty()) {
    text += "; the lease of " + described_worker(row.leased_by) + " ended at " + row.leased_until.text +
            " without an outcome";
  }
  if (is_exhausted(row)) return text + "; the next claim makes it dead, as all its attempts are used";
  return text + "; `outboxd status` shows whether a dispatcher runs, and what keeps it";
}

}  // namespace

const char* to_string(RowState state) {
  switch (state) {
    case RowState::pending:
      return "pending";
    case RowState::leased:
      return "leased";
    case RowState::scheduled:
      return "scheduled";
    case RowState::published:
      return "published";
    case RowState::dead:
      return "dead";
    case RowState::discarded:
      return "discarded";
    case RowState::other:
      break;
  }
  return "other";
}

RowState state_of(const RowFacts& row) {
  if (row.is_dead) return RowState::dead;
  if (row.is_published) {
    const bool is_marked = row.published.since_epoch == Milliseconds{0} ||
                           (row.last_error && row.last_error->starts_with("discarded: "));
    return is_marked ? RowState::discarded : RowState::published;
  }
  if (!row.is_pending) return RowState::other;
  if (row.has_lease_columns && is_later(row.leased_until, row.now)) return RowState::leased;
  if (!is_later(row.due, row.now)) return RowState::pending;
  // Without lease columns a claim looks like a time at which the row is due. A row that was never tried is rarely
  // inserted for a time that near.
  const bool may_be_leased = !row.has_lease_columns && row.attempts == 0 && row.due.since_epoch &&
                             *row.due.since_epoch - row.now <= longest_lease_of(row);
  return may_be_leased ? RowState::leased : RowState::scheduled;
}

std::optional<std::uint32_t> most_attempts_of(const RowFacts& row) {
  std::optional<std::uint32_t> most;
  for (const auto& dispatcher : row.dispatchers) {
    if (dispatcher.takes_row) most = std::max(most.value_or(0), dispatcher.max_attempts);
  }
  return most;
}

const Moment& lease_end_of(const RowFacts& row) {
  return row.has_lease_columns ? row.leased_until : row.due;
}

std::string described_worker(const std::string& worker) {
  if (worker.empty()) return "(without a name)";
  std::vector<std::string> parts;
  for (std::string_view left = worker;;) {
    const auto colon = left.find(':');
    parts.emplace_back(left.substr(0, colon));
    // The dispatcher's name is the last part.
    constexpr std::size_t kBeforeName = 4;
    if (colon == std::string_view::npos) break;
    left.remove_prefix(colon + 1);
    if (parts.size() == kBeforeName) {
      parts.emplace_back(left);
      break;
    }
  }
  constexpr std::size_t kName = 4;
  // The second beginning is that of workers behind a pooler.
  if (parts.size() < kName || (parts[0] != "outboxd" && parts[0] != "pooled")) return shown(worker);
  return shown(worker) + " (host " + shown(parts[1]) + ", pid " + shown(parts[2]) +
         (parts.size() > kName ? ", dispatcher " + shown(parts[kName]) : "") + ")";
}

std::string next_of(const RowFacts& row) {
  const auto state = state_of(row);
  if (state == RowState::published) return {};
  if (state == RowState::discarded) {
    return "nothing: it was discarded, and stays until retention or `outboxd prune` removes it";
  }
  if (state == RowState::other) {
    return "nothing: its status \"" + shown(row.status) +
           "\" is none that dispatcher.states names, so no dispatcher "
           "claims it";
  }
  const auto taker = taker_of(row);
  if (taker.empty()) {
    return "nothing: none of the chosen dispatchers takes it; see their streams, exclude_streams and producer";
  }
  switch (state) {
    case RowState::dead:
      return "nothing: it is dead; once the cause of its error is mended, `outboxd dead requeue --dispatcher " +
             taker + " --id " + quoted_id(row.id) + "` makes it due again";
    case RowState::leased:
      return next_of_leased(row);
    case RowState::scheduled:
      return next_of_scheduled(row);
    default:
      return next_of_due(row);
  }
}

std::string relative(const Moment& moment, Milliseconds now) {
  if (!moment.since_epoch) return {};
  return *moment.since_epoch > now ? "in " + shown_time(*moment.since_epoch - now)
                                   : shown_time(now - *moment.since_epoch) + " ago";
}

std::string shown_time(Milliseconds time) {
  return streams::shown_span(time);
}

}  // namespace outboxd::daemon::trace
