// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/snapshot_holder.hpp"

#include <utility>

namespace outboxd::outbox_store {

using postgres::exec;
using postgres::Statements;
using postgres::text_of;

namespace {

using dispatch::SnapshotHolder;

// Every role sees which sessions have a snapshot or a transaction's id, slots and prepared transactions; since when,
// and in which state and kind of backend, only roles that may read all statistics see of other roles' sessions. A
// session that has written and is idle has an id and, at READ COMMITTED, no snapshot; both keep row versions. A
// VACUUM keeps none from others. A slot's catalog_xmin keeps only rows of catalogs. The oldest is found by its age in
// transactions.
constexpr const char* kFind = R"sql(
SELECT kind, handle, who, state, held_for, age, pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (
    SELECT kind, handle, who, state, extract(epoch FROM pg_catalog.now() - since)::bigint AS held_for, age FROM (
      SELECT 'session' AS kind, pid::text AS handle, 'pid ' || pid::text || coalesce(' of role ' || usename::text, '')
             || CASE WHEN application_name <> '' THEN ' (' || application_name || ')' ELSE '' END AS who,
             coalesce(CASE WHEN backend_type IS DISTINCT FROM 'client backend' THEN backend_type ELSE state END, state, '')
             AS state, xact_start AS since, greatest(pg_catalog.age(backend_xmin), pg_catalog.age(backend_xid)) AS age
        FROM pg_catalog.pg_stat_activity AS activity
       WHERE coalesce(backend_xmin, backend_xid) IS NOT NULL AND pid <> pg_catalog.pg_backend_pid()
         AND coalesce(backend_type, '') <> 'walsender'
         AND (datname IS NULL OR datname = pg_catalog.current_database())
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS other WHERE other.pid = activity.pid)
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_replication AS other WHERE other.pid = activity.pid)
      UNION ALL
      SELECT 'prepared transaction', gid, gid, 'prepared', prepared, pg_catalog.age(transaction)
        FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()
      UNION ALL
      SELECT 'replication slot', slot_name::text, slot_name::text, CASE WHEN active THEN 'active' ELSE 'inactive' END,
             NULL, pg_catalog.age(xmin)
        FROM pg_catalog.pg_replication_slots WHERE xmin IS NOT NULL
      UNION ALL
      SELECT 'standby', coalesce(application_name, ''), coalesce(application_name, '') || ' at '
             || coalesce(client_addr::text, 'this host') || ' (hot_standby_feedback)', state, NULL,
             pg_catalog.age(backend_xmin)
        FROM pg_catalog.pg_stat_replication WHERE backend_xmin IS NOT NULL) AS all_kinds
     ORDER BY age DESC LIMIT $1::bigint) AS oldest ON true)sql";

SnapshotHolder kind_of(const std::string& word) {
  if (word == "session") return SnapshotHolder::session;
  if (word == "prepared transaction") return SnapshotHolder::prepared_transaction;
  if (word == "replication slot") return SnapshotHolder::replication_slot;
  return word == "standby" ? SnapshotHolder::standby : SnapshotHolder::none;
}

}  // namespace

SnapshotHolds find_snapshot_holds(Statements& statements, std::size_t most) {
  SnapshotHolds found;
  for (const auto& line : exec(statements, kFind, most)) {
    found.sees_all = text_of(line["sees_all"]) == "t";
    const auto kind = text_of(line["kind"]);
    if (kind.empty()) continue;
    SnapshotHold hold{.kind = kind_of(kind),
                      .handle = text_of(line["handle"]),
                      .who = kind + " " + text_of(line["who"]),
                      .state = text_of(line["state"]),
                      .transactions = std::stoll(text_of(line["age"]))};
    const auto held_for = line["held_for"];
    if (!held_for.is_null()) hold.held_for = std::chrono::seconds{std::stoll(text_of(held_for))};
    found.holds.push_back(std::move(hold));
  }
  return found;
}

dispatch::SlowLook find_snapshot_holder(Statements& statements) {
  dispatch::SlowLook look;
  auto found = find_snapshot_holds(statements, 1);
  if (!found.holds.empty()) {
    auto& oldest = found.holds.front();
    look.holder = oldest.kind;
    look.who = std::move(oldest.who);
    look.held_for = oldest.held_for;
  }
  if (!found.sees_all) {
    look.who.append(look.who.empty() ? "" : ", ");
    look.who.append(
        "as far as this role may see (GRANT pg_read_all_stats to it shows since when other roles' sessions hold "
        "them)");
  }
  return look;
}

}  // namespace outboxd::outbox_store
