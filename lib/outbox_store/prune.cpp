// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/prune.hpp"

#include "outbox_store/bisect.hpp"
#include "postgres/array_literal.hpp"

#include <string>
#include <utility>
#include <vector>

namespace outboxd::outbox_store {

using dispatch::PruneStep;
using postgres::array_literal;
using postgres::exec;
using postgres::is_true;
using postgres::row_count;
using postgres::Statements;
using postgres::text_of;

namespace {

std::vector<PrunePass::Row> read_rows(Statements& statements, const outbox_table::Layout& layout,
                                      const PrunePass& pass, std::chrono::milliseconds age) {
  const auto found = pass.after() ? exec(statements, layout.prunable_after, pass.rows(), age.count(), *pass.after())
                                  : exec(statements, layout.prunable, pass.rows(), age.count());
  std::vector<PrunePass::Row> rows;
  rows.reserve(row_count(found));
  for (const auto& line : found) {
    PrunePass::Row row{
        .id = text_of(line["id"]), .is_old = is_true(line["is_old"]), .is_young = is_true(line["is_young"])};
    const auto created = line["created_ms"];
    if (!created.is_null()) row.created = std::chrono::milliseconds{std::stoll(text_of(created))};
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Of the rows that may be overdue.
std::vector<std::string> ids_in(const pqxx::result& state) {
  std::vector<std::string> ids;
  for (const auto& line : state) {
    if (!line["id"].is_null()) ids.push_back(text_of(line["id"]));
  }
  return ids;
}

}  // namespace

PruneStep prune_step(Statements& statements, const outbox_table::Layout& layout, PrunePass& pass,
                     OverdueRows& overdue, std::chrono::milliseconds age, PruneMode mode) {
  PruneStep step;
  if (mode == PruneMode::remove) {
    const auto state = exec(statements, layout.prune_state, overdue.due_for().count(), array_literal(overdue.seen()));
    if (!is_true(state[0]["may_delete"])) return {.state = PruneStep::State::forbidden};
    const auto verdict = overdue.look(ids_in(state), std::chrono::steady_clock::now());
    if (verdict == OverdueRows::Verdict::overdue) return {.state = PruneStep::State::overdue};
    if (verdict == OverdueRows::Verdict::unknown) return {.state = PruneStep::State::unknown};
  }
  const auto old = pass.read(read_rows(statements, layout, pass, age));
  const Statements::Stopwatch watch{statements};
  if (mode == PruneMode::count) {
    step.rows = old.size();
  } else if (!old.empty()) {
    try {
      step.rows = row_count(exec(statements, layout.prune, array_literal(old), age.count()));
      step.kept = old.size() - step.rows;
    } catch (const std::exception& error) {
      // A trigger or a foreign key may refuse single rows.
      check_it_may_be_a_rows(statements, error);
      auto refused = pass.refused();
      if (refused.id) {
        step.refused.push_back({std::move(*refused.id), postgres::message_of(error), false, cause_of(error)});
      }
      if (refused.gave_up) step.state = PruneStep::State::refused;
      return step;
    }
  }
  if (pass.removed(watch.elapsed())) step.state = PruneStep::State::complete;
  return step;
}

}  // namespace outboxd::outbox_store
