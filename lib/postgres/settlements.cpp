// SPDX-License-Identifier: Apache-2.0
#include "postgres/settlements.hpp"

#include "postgres/array_literal.hpp"
#include "postgres/by_halves.hpp"
#include "postgres/error_text.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace outboxd::postgres {
namespace {

constexpr std::chrono::seconds kLongestSearch{2};

/// Outcomes as the parallel arrays that the settle statement takes.
struct OutcomeArrays {
  OutcomeArrays(std::span<const Outcome> outcomes, bool takes_unicode) {
    for (const auto& outcome : outcomes) {
      ids.push_back(outcome.id);
      verdicts.emplace_back(to_string(outcome.verdict));
      delays.push_back(std::to_string(outcome.delay.count()));
      errors.emplace_back();
      if (!outcome.error.empty()) errors.back() = storable_error(outcome.error, takes_unicode);
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
  Writer(Statements& statements, const Layout& layout, const dispatch::Settlement& settlement)
      : statements_{statements}, layout_{layout}, settlement_{settlement} {}

  std::size_t write_at_once() {
    const auto& outcomes = settlement_.outcomes;
    const bool all_published =
        std::ranges::all_of(outcomes, [](const Outcome& one) { return one.verdict == Verdict::published; });
    if (!all_published) return affected_rows(settle_with(layout_.settle, outcomes));
    return affected_rows(
        exec(statements_, layout_.mark_published, array_literal(ids_of(outcomes)), settlement_.lease));
  }

  dispatch::Settled write_in_parts() {
    dispatch::Settled settled;
    const std::span all{settlement_.outcomes};
    const auto refused = by_halves(
        all.size(), std::chrono::steady_clock::now() + kLongestSearch, [&](std::size_t begin, std::size_t end) {
          settled.written += affected_rows(settle_with(layout_.settle_unlocked, all.subspan(begin, end - begin)));
        });
    // A batch of which no row will do is no single row's doing.
    if (all.size() > 1 && refused.items.size() == all.size()) std::rethrow_exception(refused.first);
    for (const auto& [index, reason] : refused.items) {
      settled.refused.push_back({all[index].id, "it can't be settled: " + reason});
    }
    add_locked(settled);
    return settled;
  }

 private:
  pqxx::result settle_with(const std::string& statement, std::span<const Outcome> outcomes) {
    const OutcomeArrays arrays{outcomes, statements_.takes_unicode()};
    return exec(statements_, statement, array_literal(arrays.ids), settlement_.lease, array_literal(arrays.verdicts),
                array_literal(arrays.delays), array_literal(arrays.errors));
  }

  /// What is still ours was skipped.
  void add_locked(dispatch::Settled& settled) {
    const auto ids = array_literal(ids_of(settlement_.outcomes));
    for (const auto& line : exec(statements_, layout_.still_ours, ids, settlement_.lease)) {
      auto id = text_of(line[0]);
      if (std::ranges::find(settled.refused, id, &dispatch::RefusedRow::id) != settled.refused.end()) continue;
      settled.refused.push_back({std::move(id), "it can't be settled: another session holds a lock on it"});
    }
  }

  Statements& statements_;
  const Layout& layout_;
  const dispatch::Settlement& settlement_;
};

}  // namespace

dispatch::Settled write_outcomes(Statements& statements, const Layout& layout,
                                 const dispatch::Settlement& settlement) {
  Writer writer{statements, layout, settlement};
  if (settlement.in_parts) return writer.write_in_parts();
  try {
    return {writer.write_at_once(), {}};
  } catch (const std::exception& error) {
    if (!meaning_of_sqlstate(sqlstate_of(error)).may_be_one_rows) throw;
  }
  return writer.write_in_parts();
}

}  // namespace outboxd::postgres
