// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/read_rows.hpp"

#include "daemon/settings/default_table.hpp"
#include "daemon/trace/table_reader.hpp"
#include "outbox_table/inspect.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace outboxd::daemon::trace {
namespace {

using outbox_table::TableShape;

// Ids need not be unique in a partitioned table.
constexpr std::size_t kMostRows = 20;

/// The dispatchers that use one table, as indexes.
struct SharedTable {
  config::Settings settings;
  std::vector<std::size_t> dispatchers{};
};

bool is_same_table(const config::Settings& one, const config::Settings& other) {
  const auto& a = one.dispatcher;
  const auto& b = other.dispatcher;
  return one.postgres.url == other.postgres.url && a.table == b.table && a.layout == b.layout &&
         a.columns == b.columns && a.states == b.states;
}

bool takes(const config::DispatcherSettings& dispatcher, const RowFacts& row, bool has_producers) {
  const auto names = [&row](const std::vector<std::string>& streams) {
    return std::ranges::find(streams, row.stream) != streams.end();
  };
  return (dispatcher.streams.empty() || names(dispatcher.streams)) && !names(dispatcher.exclude_streams) &&
         (!has_producers || dispatcher.producer.empty() || dispatcher.producer == row.producer);
}

/// Collects what several tables have.
class RowSearch {
 public:
  explicit RowSearch(const std::vector<config::Settings>& dispatchers) : dispatchers_{dispatchers} {}

  FoundRows search(const std::string& id, bool with_payload) {
    for (std::size_t i = 0; i < dispatchers_.size(); ++i) add_table_of(i);
    for (const auto& table : tables_) {
      guarded(table.settings, [&] { look_into(table, id, with_payload); });
    }
    return std::move(found_);
  }

 private:
  void add_table_of(std::size_t dispatcher) {
    auto settings = dispatchers_[dispatcher];
    guarded(settings, [&] {
      // The table that the daemon would choose with this role's rights; otherwise one that this role may read.
      if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
        const auto problems = choose_table_now(settings, outbox_table::TableUse::count);
        if (!problems.empty()) return leave_out(settings, outbox_table::in_one_line(problems));
      }
      const auto same = std::ranges::find_if(
          tables_, [&settings](const SharedTable& table) { return is_same_table(table.settings, settings); });
      auto& table = same == tables_.end() ? tables_.emplace_back(SharedTable{settings}) : *same;
      table.dispatchers.push_back(dispatcher);
    });
  }

  void look_into(const SharedTable& table, const std::string& id, bool with_payload) {
    TableReader reader{table.settings};
    if (const auto problem = reader.inspect(); !problem.empty()) return leave_out(table.settings, problem);
    auto rows = reader.rows(id);
    if (rows.size() > kMostRows) {
      rows.resize(kMostRows);
      found_.unknown.push_back("further rows of table " + table.settings.dispatcher.table + " that have this id");
    }
    const auto most = table.settings.dispatcher.max_payload_bytes;
    reader.add_payloads(rows, with_payload ? std::optional{most - std::min(most, shown_)} : std::nullopt);
    for (auto& row : rows) {
      shown_ += row.payload ? row.payload->size() : 0;
      add(table, reader.shape(), std::move(row));
    }
  }

  void add(const SharedTable& table, const TableShape& shape, RowFacts row) {
    FoundRow found;
    for (const auto i : table.dispatchers) {
      const auto& dispatcher = dispatchers_[i].dispatcher;
      const bool is_taken = takes(dispatcher, row, !shape.producer.empty());
      row.dispatchers.push_back({.name = dispatcher.name,
                                 .takes_row = is_taken,
                                 .max_attempts = dispatcher.max_attempts,
                                 .lease = dispatcher.lease});
      if (is_taken) found.dispatchers.push_back(i);
    }
    if (found.dispatchers.empty()) found.dispatchers = table.dispatchers;
    found.row = std::move(row);
    found_.rows.push_back(std::move(found));
  }

  /// A server that didn't answer is not asked again: each try takes the time-out.
  template <class Work>
  void guarded(const config::Settings& settings, const Work& work) {
    if (std::ranges::find(silent_, settings.postgres.url) != silent_.end()) return;
    try {
      work();
    } catch (const std::exception& error) {
      if (is_no_answer(error)) {
        found_.is_unreachable = true;
        silent_.push_back(settings.postgres.url);
      }
      leave_out(settings, reason_of(error));
    }
  }

  void leave_out(const config::Settings& settings, const std::string& reason) {
    found_.is_partial = true;
    found_.unknown.push_back("rows of dispatcher " + settings.dispatcher.name + ", table " +
                             settings.dispatcher.table + ": " + reason);
  }

  const std::vector<config::Settings>& dispatchers_;
  std::vector<SharedTable> tables_;
  std::vector<std::string> silent_;
  /// Bytes of payloads.
  std::uint64_t shown_ = 0;
  FoundRows found_;
};

}  // namespace

FoundRows read_rows(const std::vector<config::Settings>& dispatchers, const std::string& id, bool with_payload) {
  return RowSearch{dispatchers}.search(id, with_payload);
}

}  // namespace outboxd::daemon::trace
