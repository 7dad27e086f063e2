// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/settlements.hpp"

#include "outbox_store/bisect.hpp"
#include "outbox_store/table_lock.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/error_text.hpp"
#include "postgres/sqlstate.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using postgres::array_literal;
using postgres::exec;
using postgres::meaning_of_sqlstate;
using postgres::row_count;
using postgres::sanitize_last_error;
using postgres::Statements;
using postgres::text_of;

namespace {

// The counterpart of kUnwritten.
constexpr const char* kUndone = "undone";

/// Outcomes as the parallel arrays that the settle statement takes.
struct OutcomeArrays {
  OutcomeArrays(std::span<const Outcome> outcomes, bool takes_unicode) {
    for (const auto& outcome : outcomes) {
      ids.push_back(outcome.id);
      verdicts.emplace_back(to_string(outcome.verdict));
      delays.push_back(std::to_string(outcome.delay.count()));
      errors.emplace_back();
      if (!outcome.error.empty()) errors.back() = sanitize_last_error(outcome.error, takes_unicode);
    }
  }

  std::vector<std::string> ids;
  std::vector<std::string> verdicts;
  std::vector<std::string> delays;
  std::vector<std::optional<std::string>> errors;
};

std::vector<std::string> ids_of(std::span<const Outcome> outcomes) {
  std::vector<std::string> ids;
  ids.reserve(outcomes.size());
  for (const auto& outcome : outcomes) ids.push_back(outcome.id);
  return ids;
}

class Writer {
 public:
  Writer(Statements& statements, const Layout& layout, const dispatch::Settlement& settlement,
         const std::string& table)
      : statements_{statements}, layout_{layout}, settlement_{settlement}, purpose_{"settling in " + table + ": "} {}

  void write_at_once() {
    const auto& outcomes = settlement_.outcomes;
    const bool all_published =
        std::ranges::all_of(outcomes, [](const Outcome& one) { return one.verdict == Verdict::published; });
    if (all_published) {
      take(exec(statements_, layout_.mark_published, array_literal(ids_of(outcomes)), settlement_.lease));
    } else {
      take(settle_with(layout_.settle, outcomes));
    }
    add_unwritten();
  }

  /// `slow`: the whole settlement has been tried, and took too long.
  void write_in_parts(bool slow) {
    const std::span all{settlement_.outcomes};
    const auto now = std::chrono::steady_clock::now();
    const auto work = [&](Part part) {
      take(settle_with(layout_.settle_unlocked, all.subspan(part.begin, part.size())));
    };
    auto [search, first] = [&] {
      const Statements::Patience patience{statements_,
                                          std::min(statements_.usual_timeout(), RefusalSearch::kPartTimeout)};
      return bisect(statements_, all.size(), slow, now + RefusalSearch::kLongest, work);
    }();
    auto& refused = search.refused();
    if (written_.settled.written == 0 && !refused.empty()) {
      look_for_table_lock(statements_, layout_, refused.front().why.cause);
    }
    // At first their neighbours don't wait for them.
    if (settlement_.in_parts) try_slow_ones(refused, work);
    auto& settled = written_.settled;
    const bool any_done = settled.written + settled.undone.size() > 0;
    if (!any_done && refused.empty() && first) std::rethrow_exception(first);
    written_.wants_new_connection = settled.written == 0 && !refused.empty();
    for (const auto& [index, why] : refused) {
      const auto meaning = meaning_of_sqlstate(why.cause);
      if (!meaning.reconnect) written_.wants_new_connection = false;
      refuse(all[index].id, why.cause, why.reason, meaning.remedy);
    }
    for (const auto& part : search.untried()) {
      for (const auto& outcome : all.subspan(part.begin, part.size())) settled.untried.push_back(outcome.id);
    }
    add_unwritten();
  }

  WrittenOutcomes take_result() { return std::move(written_); }

 private:
  pqxx::result settle_with(const std::string& statement, std::span<const Outcome> outcomes) {
    const OutcomeArrays arrays{outcomes, statements_.takes_unicode()};
    return exec(statements_, statement, array_literal(arrays.ids), settlement_.lease, array_literal(arrays.verdicts),
                array_literal(arrays.delays), array_literal(arrays.errors));
  }

  /// From the rows that timed out, as many as the usual time of one statement allows; different ones each time.
  template <class Work>
  void try_slow_ones(std::vector<RefusalSearch::Refused>& refused, Work work) {
    using Clock = std::chrono::steady_clock;
    const auto begin = std::partition(refused.begin(), refused.end(),
                                      [](const auto& item) { return !took_its_time(item.why.cause); });
    std::vector<RefusalSearch::Refused> slow(begin, refused.end());
    refused.erase(begin, refused.end());
    if (slow.empty()) return;
    const auto first = Clock::now().time_since_epoch().count() % static_cast<Clock::rep>(slow.size());
    std::rotate(slow.begin(), slow.begin() + first, slow.end());
    const auto end = Clock::now() + statements_.usual_timeout();
    for (auto& item : slow) {
      const auto left = std::chrono::floor<std::chrono::milliseconds>(end - Clock::now());
      if (left > RefusalSearch::kPartTimeout) {
        const Statements::Patience patience{statements_, left};
        auto again = bisect(statements_, 1, false, end, [&](Part /*whole*/) { work({item.index, item.index + 1}); });
        if (again.search.refused().empty() && again.search.untried().empty()) continue;
      }
      refused.push_back(std::move(item));
    }
  }

  /// A line for each row that was written, with its id where the row does not hold what was written.
  void take(const pqxx::result& result) {
    auto& settled = written_.settled;
    for (const auto& line : result) {
      if (line[0].is_null()) {
        ++settled.written;
        continue;
      }
      settled.undone.push_back(
          {text_of(line[0]), "it can't be settled: the written outcome is undone (by a trigger?)", false, kUndone});
      say(settled.undone.back().reason, "");
    }
  }

  void refuse(std::string id, const std::string& cause, const std::string& reason, std::string_view remedy) {
    written_.settled.refused.push_back({std::move(id), "it can't be settled: " + reason, false, cause});
    say(reason, remedy);
  }

  void say(const std::string& reason, std::string_view remedy) {
    auto& text = written_.settled.refusal;
    if (!text.empty()) return;
    text = purpose_ + reason;
    if (!remedy.empty()) text.append("; ").append(remedy);
  }

  /// A row that is neither written nor refused, and still leased, was skipped: by the statement where another session
  /// has locked it, otherwise by a trigger.
  void add_unwritten() {
    auto& settled = written_.settled;
    const auto known = settled.written + settled.undone.size() + settled.refused.size() + settled.untried.size();
    if (known >= settlement_.outcomes.size()) return;
    const auto is_known = [&](const std::string& id) {
      const auto holds = [&id](const auto& rows) {
        return std::ranges::find(rows, id, &dispatch::RefusedRow::id) != rows.end();
      };
      return holds(settled.refused) || holds(settled.undone) ||
             std::ranges::find(settled.untried, id) != settled.untried.end();
    };
    std::vector<std::string> locked;
    const auto ids = array_literal(ids_of(settlement_.outcomes));
    for (const auto& line : exec(statements_, layout_.still_leased, ids, settlement_.lease)) {
      auto id = text_of(line[0]);
      if (is_known(id)) continue;
      const bool is_locked = text_of(line[1]) != "t";
      if (is_locked) {
        locked.push_back(std::move(id));
      } else {
        refuse(std::move(id), kUnwritten, "the UPDATE did nothing (for a trigger that returned NULL?)", "");
      }
    }
    if (locked.empty()) return;
    std::string reason = "another session holds a lock on it";
    try {
      const auto holders = exec(statements_, layout_.row_holders, array_literal(locked));
      if (row_count(holders) > 0) reason.append(": ").append(text_of(holders[0][1]));
    } catch (const std::exception& error) {
      // The outcomes are written as far as possible; the role may not be allowed to look at locks, for instance.
      check_it_may_be_a_rows(statements_, error);
    }
    for (auto& id : locked) refuse(std::move(id), "", reason, "");
  }

  Statements& statements_;
  const Layout& layout_;
  const dispatch::Settlement& settlement_;
  std::string purpose_;
  WrittenOutcomes written_;
};

}  // namespace

WrittenOutcomes write_outcomes(Statements& statements, const Layout& layout, const dispatch::Settlement& settlement,
                               const std::string& table) {
  Writer writer{statements, layout, settlement, table};
  bool slow = false;
  if (!settlement.in_parts) {
    try {
      writer.write_at_once();
      return writer.take_result();
    } catch (const std::exception& error) {
      check_it_may_be_a_rows(statements, error);
      look_for_table_lock(statements, layout, cause_of(error));
      slow = took_its_time(cause_of(error));
    }
  }
  writer.write_in_parts(slow);
  return writer.take_result();
}

}  // namespace outboxd::outbox_store
