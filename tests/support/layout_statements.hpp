// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_table/inspect.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/identifier.hpp"

#include <string>
#include <vector>

namespace outboxd::test {

/// The result of inspecting a table that `outboxd migrate` has created.
[[nodiscard]] inline outbox_table::TableReport report_on_migrated(const std::string& table) {
  outbox_table::TableReport report;
  report.table = postgres::quote_name("public") + "." + postgres::quote_name(table);
  report.plain = true;
  return report;
}

/// One statement of a layout.
struct LayoutStatement {
  std::string name;
  /// Empty if the layout has no such statement.
  std::string sql;
  /// Values for its parameters, as SQL; a claim of 50 rows, for instance.
  std::vector<std::string> example;
};

/// Every statement of a layout with its name. A new statement doesn't compile until it is listed here.
[[nodiscard]] inline std::vector<LayoutStatement> statements_of(const outbox_table::Layout& layout) {
  const auto& [claims_count, claim, claim_others, claim_these, claim_these_until, claim_window, claim_places,
               claim_overlooked, overlooked, due_ids, release_orphaned_leases, rename_leases, read_payloads,
               read_payload, mark_dead, mark_nameless_dead, mark_due_nameless_dead, mark_published, settle,
               settle_unlocked, still_leased, scan_leases, release_leases, poison_candidates, sample, prune_state,
               prunable, prunable_after, prune, locked_rows, seen_locked_rows, row_holders, table_holders] = layout;
  const std::string rows = "50";
  const std::string now = "NULL";
  const std::string start = "'-infinity'";
  const std::string mark = "now()";
  const std::string none = "'{}'";
  const std::string ids = "'{a,b}'";
  const std::string places = "'{\"(0,1)\",\"(0,2)\"}'";
  const std::string lease = "now() + interval '30 seconds'";
  const std::string week = "604800000";
  const std::string workers = "'{outboxd:host:1:00000000}'";
  const std::vector<std::string> outcomes{ids, lease, "'{published,retry}'", "'{0,1000000}'",
                                          "'{NULL,\"an error\"}'"};
  return {
      {"claim", claim, {rows, now, start, none}},
      {"claim_others", claim_others, {rows, now, ids, start, none}},
      {"claim_these", claim_these, {rows, now, ids}},
      {"claim_these_until", claim_these_until, {rows, now, ids, lease}},
      {"claim_window", claim_window, {rows, now, start, none}},
      {"claim_places", claim_places, {rows, now, places, none}},
      {"claim_overlooked", claim_overlooked, {rows, now, ids, none}},
      {"overlooked", overlooked, {rows, mark, start, none}},
      {"due_ids", due_ids, {rows, now, ids, start, none}},
      {"release_orphaned_leases", release_orphaned_leases, {"ARRAY[" + lease + "]"}},
      {"rename_leases", rename_leases, {}},
      {"read_payloads", read_payloads, {ids, lease}},
      {"read_payload", read_payload, {"'a'"}},
      {"mark_dead", mark_dead, {"'a'", "'an error'"}},
      {"mark_nameless_dead", mark_nameless_dead, {"'(0,1)'", "'an error'", lease}},
      {"mark_due_nameless_dead", mark_due_nameless_dead, {rows, "'an error'"}},
      {"mark_published", mark_published, {ids, lease}},
      {"settle", settle, outcomes},
      {"settle_unlocked", settle_unlocked, outcomes},
      {"still_leased", still_leased, {ids, lease}},
      {"scan_leases", scan_leases, {now, start, workers}},
      {"release_leases", release_leases, {workers}},
      {"poison_candidates", poison_candidates, {now}},
      {"sample", sample, {now, "100000"}},
      {"prune_state", prune_state, {"10000", ids}},
      {"prunable", prunable, {rows, week}},
      {"prunable_after", prunable_after, {rows, week, "'a'"}},
      {"prune", prune, {ids, week}},
      {"locked_rows", locked_rows, {}},
      {"seen_locked_rows", seen_locked_rows, {}},
      {"row_holders", row_holders, {ids}},
      {"table_holders", table_holders, {}},
  };
}

}  // namespace outboxd::test
