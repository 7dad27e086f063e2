// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/batches.hpp"

#include "outbox/token_bucket.hpp"
#include "outbox_store/bisect.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace outboxd::dead_rows {

using postgres::Parameter;
using postgres::text_of;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kRowsPerBatch = 500;
constexpr std::uint64_t kBytesPerBatch = std::uint64_t{1} << 20U;
// The ids of a window are in memory, at most 4 KiB each; each window is a search of all dead rows.
constexpr std::size_t kRowsPerWindow = 10'000;

/// Ends the run early.
struct Stopped {};

/// Causes that concern a session, a role or the server. A trigger may invent them for single rows as well, so they
/// count only if every row of a batch has them.
bool is_of_all_rows(std::string_view cause) {
  constexpr std::array kClasses{std::string_view{"25"}, std::string_view{"42"}, std::string_view{"53"},
                                std::string_view{"57"}, std::string_view{"58"}, std::string_view{"XX"}};
  return std::ranges::any_of(kClasses, [cause](auto begin) { return cause.starts_with(begin); });
}

/// The next rows to change. Each id once: in a partitioned table several rows may have it, which change together.
struct Window {
  std::vector<std::string> ids;
  std::vector<std::uint64_t> bytes;
  std::unordered_map<std::string, std::uint64_t> rows;
};

Window next_window(Table& table, FilterParameters parameters, const Parameter& after) {
  parameters.push_back(after);
  parameters.emplace_back(std::to_string(kRowsPerWindow));
  Window window;
  for (const auto& row : table.run(table.sql().window, parameters)) {
    auto id = text_of(row["id"]);
    const auto bytes = row["bytes"].is_null() ? kBytesPerBatch + 1 : std::stoull(text_of(row["bytes"]));
    if (++window.rows[id] > 1) {
      window.bytes.back() += bytes;
      continue;
    }
    window.ids.push_back(std::move(id));
    window.bytes.push_back(bytes);
  }
  return window;
}

/// One run over the rows.
class Run {
 public:
  Run(Table& table, const Steps& steps, Tally& tally,
      const std::function<Changed(const std::vector<std::string>&)>& change)
      : table_{table},
        steps_{steps},
        tally_{tally},
        change_{change},
        bucket_{std::max(steps.rate, 1.0), static_cast<double>(rows_for(steps.rate))} {}

  void all(const FilterParameters& filter) {
    Parameter after;
    for (auto window = next_window(table_, filter, after); !window.ids.empty();
         window = next_window(table_, filter, after)) {
      rows_ = std::move(window.rows);
      for (std::size_t from = 0; from < window.ids.size();) {
        const auto rows = batch_size(window.bytes, from, rows_for(steps_.rate));
        const auto begin = window.ids.begin() + static_cast<std::ptrdiff_t>(from);
        wait_for(rows);
        batch({begin, begin + static_cast<std::ptrdiff_t>(rows)});
        from += rows;
        if (steps_.progress) steps_.progress(tally_);
      }
      after = window.ids.back();
    }
  }

 private:
  void stop_if_asked(milliseconds wait) {
    if (steps_.stops && steps_.stops(wait)) throw Stopped{};
  }

  void wait_for(std::size_t rows) {
    stop_if_asked(milliseconds{0});
    if (steps_.rate <= 0) return;
    const auto tokens = static_cast<double>(rows);
    while (bucket_.refill(steady_clock::now()) < tokens) {
      const auto left = bucket_.available_at(tokens) - steady_clock::now();
      stop_if_asked(std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(left)));
    }
    bucket_.take(tokens);
  }

  void batch(const std::vector<std::string>& ids) {
    const auto done_before = tally_.done + tally_.unchanged;
    cause_ = std::nullopt;
    causes_differ_ = false;
    change(ids);
    const bool none = tally_.done + tally_.unchanged == done_before;
    if (!none || !cause_ || causes_differ_ || !is_of_all_rows(*cause_)) {
      in_a_row_ = 0;
      return;
    }
    in_a_row_ = cause_ == last_cause_ ? in_a_row_ + 1 : 1;
    last_cause_ = cause_;
    // At a low rate a batch has one row.
    constexpr int kMostInARow = 10;
    if (ids.size() == 1 && in_a_row_ < kMostInARow) return;
    tally_.stopped = "Postgres refuses every row of a batch, or ten rows in a row (" + tally_.refusal + ")";
    throw Stopped{};
  }

  /// Tries the rows together, then in halves.
  void change(const std::vector<std::string>& ids) {
    try {
      const auto changed = change_(ids);
      tally_.done += changed.rows;
      const auto wanted = rows_of(ids);
      if (wanted > changed.rows) tally_.unchanged += wanted - changed.rows;
      if (tally_.first_unchanged.empty()) tally_.first_unchanged = changed.first_unchanged;
      return;
    } catch (const std::exception& error) {
      // Rows that may be changed already are not tried again.
      if (tally_.in_doubt) throw;
      table_.check_it_may_be_a_rows(error);
      if (ids.size() == 1) return refused(ids.front(), error);
    }
    stop_if_asked(milliseconds{0});
    const auto middle = ids.begin() + static_cast<std::ptrdiff_t>(ids.size() / 2);
    change({ids.begin(), middle});
    change({middle, ids.end()});
  }

  void refused(const std::string& id, const std::exception& error) {
    const auto cause = outbox_store::cause_of(error);
    causes_differ_ = causes_differ_ || (cause_ && *cause_ != cause);
    cause_ = cause;
    const bool is_first = tally_.refused == 0;
    tally_.refused += rows_of({id});
    if (!is_first) return;
    tally_.first_refused = id;
    tally_.refusal = shown(error);
  }

  /// How many rows these ids stand for.
  [[nodiscard]] std::uint64_t rows_of(const std::vector<std::string>& ids) const {
    std::uint64_t rows = 0;
    for (const auto& id : ids) rows += rows_.at(id);
    return rows;
  }

  Table& table_;
  const Steps& steps_;
  Tally& tally_;
  const std::function<Changed(const std::vector<std::string>&)>& change_;
  TokenBucket bucket_;
  /// Of each id of the window.
  std::unordered_map<std::string, std::uint64_t> rows_;
  /// Of the batch's refusals.
  std::optional<std::string> cause_;
  bool causes_differ_ = false;
  /// How many batches had the same cause of all rows, one after the other.
  int in_a_row_ = 0;
  std::optional<std::string> last_cause_;
};

}  // namespace

std::size_t rows_for(double rate) {
  if (rate <= 0) return kRowsPerBatch;
  return static_cast<std::size_t>(std::clamp(std::floor(rate / 4), 1.0, static_cast<double>(kRowsPerBatch)));
}

std::size_t batch_size(const std::vector<std::uint64_t>& bytes, std::size_t from, std::size_t most_rows) {
  std::size_t rows = 0;
  std::uint64_t total = 0;
  while (from + rows < bytes.size() && rows < most_rows) {
    total += bytes[from + rows];
    if (rows > 0 && total > kBytesPerBatch) break;
    ++rows;
  }
  return rows;
}

Tally count(Table& table, const FilterParameters& filter) {
  const auto row = table.run(table.sql().count, filter)[0];
  return {.matched = std::stoull(text_of(row["total"])), .nameless = std::stoull(text_of(row["nameless"]))};
}

void change_each(Table& table, const FilterParameters& filter, const Steps& steps, Tally& tally,
                 const std::function<Changed(const std::vector<std::string>&)>& change) {
  try {
    Run{table, steps, tally, change}.all(filter);
  } catch (const Stopped&) {
    if (tally.stopped.empty()) tally.stopped = "interrupted";
  } catch (const std::exception& error) {
    tally.stopped = shown(error);
  }
  // Further rows may have died meanwhile.
  tally.matched = std::max(tally.matched, tally.done + tally.not_done());
}

}  // namespace outboxd::dead_rows
