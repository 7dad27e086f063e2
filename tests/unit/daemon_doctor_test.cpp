// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/own_commands.hpp"
#include "daemon/doctor/readers.hpp"
#include "daemon/doctor/render.hpp"
#include "daemon/doctor/words.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::daemon::doctor {
namespace {

using namespace std::chrono_literals;

Severity severity_in(const Findings& findings, const std::string& check) {
  auto worst = Severity::ok;
  for (const auto& finding : findings) {
    if (finding.check != check) continue;
    worst = std::max(worst, finding.severity);
    // Whatever is wrong has a reason and a remedy.
    if (finding.severity >= Severity::warning) {
      CHECK_FALSE(finding.why.empty());
      CHECK_FALSE(finding.remedy.empty());
    }
  }
  return worst;
}

RedisFacts redis() {
  RedisFacts facts{.server = "cache:6379/0", .cli = "redis-cli -h cache -p 6379", .host = "cache"};
  facts.info = {
      {"redis_version", "8.0.3"}, {"role", "master"},       {"connected_slaves", "1"},      {"used_memory", "50"},
      {"maxmemory", "100"},       {"cluster_enabled", "0"}, {"connected_clients", "10"},    {"maxclients", "10000"},
      {"aof_enabled", "1"},       {"evicted_keys", "0"},    {"min_slaves_good_slaves", "1"}};
  facts.settings = {{"maxmemory-policy", "noeviction"},
                    {"appendonly", "yes"},
                    {"appendfsync", "everysec"},
                    {"min-replicas-to-write", "1"}};
  facts.round_trip = 100us;
  facts.clock_ahead = 0ms;
  facts.streams = {{.name = "s", .type = "stream"}};
  return facts;
}

PostgresFacts postgres() {
  PostgresFacts facts{.dispatcher = {.name = "outbox",
                                     .table = "event_outbox",
                                     .shape = outbox_table::event_outbox_shape(),
                                     .lease = 30s},
                      .server = "db:5432/app",
                      .psql = "psql -h db -p 5432 -d app"};
  facts.settings.known = ServerFacts{.version_number = 170'002,
                                     .version = "17.2",
                                     .role = "outboxd",
                                     .sees_all_sessions = true,
                                     .read_only = "off",
                                     .synchronous_commit = "on",
                                     .fsync = "on",
                                     .full_page_writes = "on",
                                     .autovacuum = "on",
                                     .track_counts = "on",
                                     .slots = 97,
                                     .slots_left = 90,
                                     .tls = "TLSv1.3"};
  facts.clock_ahead.known = 0ms;
  facts.table.known.emplace().table = R"("public"."event_outbox")";
  facts.indexes.known = {{{.name = "ready", .first = "available_at", .condition = "(dispatched_at IS NULL)"}}};
  facts.triggers.known = {{{.name = "outboxd_wake_up", .on_insert = true, .function = "public.outboxd_wake_up"}}};
  facts.storage.known =
      outbox_table::StorageFacts{.rows = 1'000, .vacuumed_ago = 60s, .fillfactor = "45", .owner = "app_owner"};
  facts.namesakes.known.emplace();
  facts.snapshots.known = outbox_store::SnapshotHolds{.sees_all = true};
  facts.locks.known.emplace();
  facts.rows.known.emplace().backlog.cap = 100'000;
  facts.sessions.known.emplace();
  return facts;
}

HostFacts host() {
  return {.mode = "stable", .key_bytes = 32, .key_from = "/etc/outboxd/streams.key", .daemon = {.asked = false}};
}

Findings all_of(RedisFacts facts) {
  return examine({.host = host(), .postgres = {postgres()}, .redis = {std::move(facts)}});
}

Findings all_of(PostgresFacts facts) {
  return examine({.host = host(), .postgres = {std::move(facts)}, .redis = {redis()}});
}

/// A change to healthy facts, and what it must lead to.
template <class Facts>
struct Case {
  const char* title;
  void (*change)(Facts&);
  const char* check;
  Severity severity;
};

template <class Facts>
void check_each(const std::vector<Case<Facts>>& cases, Facts (*healthy)()) {
  for (const auto& [title, change, check, severity] : cases) {
    CAPTURE(title);
    auto facts = healthy();
    change(facts);
    CHECK(severity_in(all_of(facts), check) == severity);
  }
}

constexpr auto kOk = Severity::ok;
constexpr auto kNote = Severity::note;
constexpr auto kWarning = Severity::warning;
constexpr auto kCritical = Severity::critical;

/// A group of the only stream.
void add_group(RedisFacts& facts, GroupFacts group) {
  group.name = "g";
  facts.streams.front().groups = {std::move(group)};
}

void add_hold(PostgresFacts& facts, outbox_store::SnapshotHold hold) {
  facts.snapshots.known->holds = {std::move(hold)};
}

}  // namespace

TEST_CASE("healthy facts lead to no warning, and everything is examined") {
  const auto findings = examine({.host = host(), .postgres = {postgres()}, .redis = {redis()}});
  CHECK_MESSAGE(worst_of(findings) <= kNote, text_of(findings, false));
  CHECK(findings.size() > 25);
}

TEST_CASE("each fault of Redis has its severity") {
  using F = RedisFacts;
  check_each<F>(
      {
          {"evicts", [](F& f) { f.settings["maxmemory-policy"] = "allkeys-lru"; }, "redis.maxmemory_policy",
           kCritical},
          {"evicts expiring keys", [](F& f) { f.settings["maxmemory-policy"] = "volatile-lru"; },
           "redis.maxmemory_policy", kWarning},
          {"no CONFIG, and INFO shows the policy",
           [](F& f) {
             f.settings.clear();
             f.why_no_settings = "NOPERM";
             f.info["maxmemory_policy"] = "allkeys-lru";
           },
           "redis.maxmemory_policy", kCritical},
          {"no CONFIG",
           [](F& f) {
             f.settings.clear();
             f.why_no_settings = "NOPERM";
           },
           "redis.rights", kNote},
          {"no AOF", [](F& f) { f.settings["appendonly"] = "no"; }, "redis.appendonly", kWarning},
          {"no fsync", [](F& f) { f.settings["appendfsync"] = "no"; }, "redis.appendfsync", kWarning},
          {"always", [](F& f) { f.settings["appendfsync"] = "always"; }, "redis.appendfsync", kOk},
          {"AOF failed", [](F& f) { f.info["aof_last_write_status"] = "err"; }, "redis.persistence", kCritical},
          {"snapshot failed", [](F& f) { f.info["rdb_last_bgsave_status"] = "err"; }, "redis.persistence", kWarning},
          {"full", [](F& f) { f.info["used_memory"] = "101"; }, "redis.memory", kCritical},
          {"nearly full", [](F& f) { f.info["used_memory"] = "90"; }, "redis.memory", kWarning},
          {"no bound", [](F& f) { f.info["maxmemory"] = "0"; }, "redis.memory", kOk},
          {"no bound, and the machine is full",
           [](F& f) {
             f.info["maxmemory"] = "0";
             f.info["total_system_memory"] = "55";
           },
           "redis.memory", kWarning},
          {"clients", [](F& f) { f.info["connected_clients"] = "9900"; }, "redis.clients", kWarning},
          {"a replica", [](F& f) { f.info["role"] = "slave"; }, "redis.replication", kCritical},
          {"too few replicas", [](F& f) { f.info["min_slaves_good_slaves"] = "0"; }, "redis.replication", kCritical},
          {"no replicas are asked for", [](F& f) { f.settings["min-replicas-to-write"] = "0"; }, "redis.replication",
           kNote},
          {"a cluster", [](F& f) { f.info["cluster_enabled"] = "1"; }, "redis.cluster", kWarning},
          {"wrong lags", [](F& f) { f.info["redis_version"] = "7.0.15"; }, "redis.version", kNote},
          {"a hole", [](F& f) { f.info["redis_version"] = "8.2.2"; }, "redis.version", kWarning},
          {"the hole is closed", [](F& f) { f.info["redis_version"] = "8.2.7"; }, "redis.version", kOk},
          {"Valkey reports the version of a faulty Redis",
           [](F& f) {
             f.info["redis_version"] = "7.2.4";
             f.info["server_name"] = "valkey";
           },
           "redis.version", kOk},
          {"slow", [](F& f) { f.round_trip = 300ms; }, "redis.latency", kWarning},
          {"far", [](F& f) { f.round_trip = 30ms; }, "redis.latency", kNote},
          {"clock", [](F& f) { f.clock_ahead = -5min; }, "redis.clock", kWarning},
          {"clock, a little", [](F& f) { f.clock_ahead = 3s; }, "redis.clock", kNote},
          {"no XADD", [](F& f) { f.streams.front().refusal = "NOPERM no"; }, "redis.writes", kCritical},
          {"a busy script", [](F& f) { f.streams.front().refusal = "BUSY Redis is busy"; }, "redis.writes",
           kCritical},
          {"an unknown refusal", [](F& f) { f.streams.front().refusal = "ERR not by this proxy"; }, "redis.writes",
           kWarning},
          {"other type", [](F& f) { f.streams.front().type = "hash"; }, "redis.stream_type", kCritical},
          {"trims",
           [](F& f) {
             f.streams.front().trim_warning = "the next XADD";
             f.streams.front().trim_is_certain = true;
           },
           "redis.trim", kCritical},
          {"trims what may have been read", [](F& f) { f.streams.front().trim_warning = "the next XADD"; },
           "redis.trim", kNote},
          {"signed with another key, too",
           [](F& f) { f.streams.front().newest = {.read = 20, .others = 7, .after_ours = "17-0"}; },
           "redis.signatures", kWarning},
          {"signed with an old key", [](F& f) { f.streams.front().newest = {.read = 3, .others = 3}; },
           "redis.signatures", kNote},
          {"well signed", [](F& f) { f.streams.front().newest = {.read = 3}; }, "redis.signatures", kOk},
          {"unreachable", [](F& f) { f.unreachable = "refused"; }, "redis.connection", kCritical},
          {"group without consumers", [](F& f) { add_group(f, {.unread = 3, .oldest_unread = 5min}); }, "redis.group",
           kWarning},
          {"group whose consumers are silent",
           [](F& f) { add_group(f, {.unread = 3, .oldest_unread = 5min, .consumers = 2, .quiet_for = 5min}); },
           "redis.group", kWarning},
          {"group that never acknowledges, and is silent",
           [](F& f) { add_group(f, {.unread = 0, .pending = 7, .consumers = 1, .quiet_for = 11min}); }, "redis.group",
           kWarning},
          {"group at work on what it has read",
           [](F& f) { add_group(f, {.unread = 0, .pending = 7, .consumers = 1, .quiet_for = 5min}); }, "redis.group",
           kOk},
          {"group that doesn't acknowledge",
           [](F& f) {
             add_group(f, {.unread = 0, .pending = 7, .oldest_pending = 11min, .consumers = 1, .quiet_for = 1s});
           },
           "redis.group", kWarning},
          {"another database", [](F& f) { f.database = 3; }, "redis.database", kNote},
          {"group that is behind",
           [](F& f) { add_group(f, {.unread = 3, .oldest_unread = 5min, .consumers = 2, .quiet_for = 1s}); },
           "redis.group", kNote},
          {"group that has read everything",
           [](F& f) { add_group(f, {.unread = 0, .consumers = 2, .quiet_for = 5h}); }, "redis.group", kOk},
          {"declared group is missing",
           [](F& f) {
             f.against_topology = {{streams::Finding::Kind::missing, "s", "g", "missing"}};
           },
           "redis.topology", kWarning},
          {"declared stream is a hash",
           [](F& f) {
             f.against_topology = {{streams::Finding::Kind::wrong_type, "s", "", "a hash"}};
           },
           "redis.topology", kCritical},
          {"declared group can't be seen",
           [](F& f) {
             f.against_topology = {{streams::Finding::Kind::unknown, "s", "g", "can't be known here"}};
           },
           "redis.topology", kNote},
      },
      redis);
}

TEST_CASE("each fault of Postgres has its severity") {
  using F = PostgresFacts;
  using dispatch::SnapshotHolder;
  using outbox_store::SnapshotHold;
  check_each<F>(
      {
          {"standby", [](F& f) { f.settings.known->in_recovery = true; }, "postgres.primary", kCritical},
          {"read-only", [](F& f) { f.settings.known->read_only = "on"; }, "postgres.primary", kCritical},
          {"old version", [](F& f) { f.settings.known->version_number = 130'000; }, "postgres.version", kNote},
          {"synchronous_commit", [](F& f) { f.settings.known->synchronous_commit = "off"; },
           "postgres.synchronous_commit", kWarning},
          {"fsync", [](F& f) { f.settings.known->fsync = "off"; }, "postgres.fsync", kWarning},
          {"few slots", [](F& f) { f.settings.known->slots_left = 2; }, "postgres.connection_slots", kWarning},
          {"as many slots as a dispatcher needs", [](F& f) { f.settings.known->slots_left = 3; },
           "postgres.connection_slots", kOk},
          {"no slot for the retention",
           [](F& f) {
             f.settings.known->slots_left = 3;
             f.dispatcher.deletes_published_rows = true;
           },
           "postgres.connection_slots", kWarning},
          {"no slots", [](F& f) { f.settings.known->slots_left = 0; }, "postgres.connection_slots", kCritical},
          {"pooler", [](F& f) { f.pooled = true; }, "postgres.pooler", kNote},
          {"no TLS", [](F& f) { f.settings.known->tls = ""; }, "postgres.tls", kWarning},
          {"no TLS, local",
           [](F& f) {
             f.settings.known->tls = "";
             f.settings.known->local = true;
           },
           "postgres.tls", kOk},
          {"clock", [](F& f) { f.clock_ahead.known = 5min; }, "postgres.clock", kWarning},
          {"no right", [](F& f) { f.table.known->problems = {"role r may not update t (a): GRANT UPDATE ON t"}; },
           "postgres.rights", kCritical},
          {"no table",
           [](F& f) {
             f.table.known->problems = {
                 "table t does not exist: create it with `outboxd migrate`, or correct "
                 "dispatcher.table"};
           },
           "postgres.table", kCritical},
          {"retention without the right",
           [](F& f) {
             f.dispatcher.deletes_published_rows = true;
             f.storage.known->may_delete = false;
           },
           "postgres.retention", kWarning},
          {"superuser",
           [](F& f) { f.table.known->warnings = {"role r is a superuser: connect as a role of its own"}; },
           "postgres.needless_rights", kWarning},
          {"rows go elsewhere",
           [](F& f) {
             f.namesakes.known = {{"app.event_outbox", 5}};
           },
           "postgres.other_table", kWarning},
          {"a namesake",
           [](F& f) {
             f.namesakes.known = {{"app.event_outbox", 5}};
             f.storage.known->inserted = 7;
           },
           "postgres.other_table", kNote},
          {"no index", [](F& f) { f.indexes.known->clear(); }, "postgres.index", kWarning},
          {"an index of other rows", [](F& f) { f.indexes.known->front().condition = "(stream_name = 's'::text)"; },
           "postgres.index", kWarning},
          {"an invalid index", [](F& f) { f.indexes.known->push_back({.name = "i", .valid = false}); },
           "postgres.index", kWarning},
          {"no wake-ups", [](F& f) { f.triggers.known->clear(); }, "postgres.wake_ups", kNote},
          {"a trigger", [](F& f) { f.triggers.known->push_back({.name = "t", .on_update = true}); },
           "postgres.trigger", kNote},
          {"a trigger that can refuse rows, and refuses none",
           [](F& f) { f.triggers.known->push_back({.name = "t", .on_update = true, .may_refuse = true}); },
           "postgres.trigger", kNote},
          {"a trigger that refuses",
           [](F& f) {
             f.triggers.known->push_back({.name = "t", .on_update = true, .may_refuse = true});
             f.rows.known->backlog.oldest_pending = 2min;
           },
           "postgres.trigger", kWarning},
          {"a disabled trigger",
           [](F& f) {
             f.triggers.known->push_back({.name = "t", .enabled = false, .on_update = true, .may_refuse = true});
           },
           "postgres.trigger", kOk},
          {"autovacuum off", [](F& f) { f.storage.known->autovacuum_enabled = "off"; }, "postgres.vacuum", kWarning},
          {"autovacuum off everywhere", [](F& f) { f.settings.known->autovacuum = "off"; }, "postgres.vacuum",
           kWarning},
          {"many dead versions",
           [](F& f) {
             f.storage.known->dead_versions = 20'000;
             f.storage.known->vacuumed_ago = 11min;
           },
           "postgres.vacuum", kWarning},
          {"many dead versions that a VACUUM has just left", [](F& f) { f.storage.known->dead_versions = 20'000; },
           "postgres.vacuum", kOk},
          {"no fillfactor", [](F& f) { f.storage.known->fillfactor = ""; }, "postgres.fillfactor", kNote},
          {"an old snapshot",
           [](F& f) {
             add_hold(f, {.kind = SnapshotHolder::session, .handle = "7", .state = "active", .held_for = 90s});
           },
           "postgres.snapshot", kWarning},
          {"a short query",
           [](F& f) {
             add_hold(f, {.kind = SnapshotHolder::session, .handle = "7", .state = "active", .held_for = 1s});
           },
           "postgres.snapshot", kOk},
          {"autovacuum at work",
           [](F& f) {
             add_hold(f, {.kind = SnapshotHolder::session, .state = "autovacuum worker", .held_for = 90s});
           },
           "postgres.snapshot", kOk},
          {"another role's session, whose beginning can't be seen",
           [](F& f) { add_hold(f, {.kind = SnapshotHolder::session, .handle = "7", .transactions = 2'000'000}); },
           "postgres.snapshot", kNote},
          {"another role's session, with a young snapshot",
           [](F& f) { add_hold(f, {.kind = SnapshotHolder::session, .handle = "7", .transactions = 9'999}); },
           "postgres.snapshot", kOk},
          {"a prepared transaction",
           [](F& f) { add_hold(f, {.kind = SnapshotHolder::prepared_transaction, .handle = "x", .held_for = 90s}); },
           "postgres.snapshot", kWarning},
          {"a healthy standby's slot",
           [](F& f) {
             add_hold(
                 f,
                 {.kind = SnapshotHolder::replication_slot, .handle = "x", .state = "active", .transactions = 9'000});
           },
           "postgres.snapshot", kOk},
          {"an old slot",
           [](F& f) {
             add_hold(f, {.kind = SnapshotHolder::replication_slot, .handle = "x", .transactions = 2'000'000});
           },
           "postgres.snapshot", kWarning},
          {"a lock",
           [](F& f) {
             f.locks.known = std::vector<LockFacts>{{"holds", "pid 7 of role x"}};
           },
           "postgres.lock", kCritical},
          {"locked rows",
           [](F& f) { f.rows.known->backlog.locked = {.rows = 3, .first = "a", .who = "pid 7 of role x"}; },
           "postgres.lock", kWarning},
          {"dead rows", [](F& f) { f.rows.known->backlog.dead = 1; }, "postgres.dead_rows", kWarning},
          {"late rows", [](F& f) { f.rows.known->backlog.oldest_pending = 2min; }, "postgres.overdue_rows", kWarning},
          {"very late rows", [](F& f) { f.rows.known->backlog.oldest_pending = 20min; }, "postgres.overdue_rows",
           kCritical},
          {"late rows, and a slow query for leases",
           [](F& f) {
             f.rows.known->backlog.oldest_pending = 2min;
             f.rows.known->why_incomplete = "statement timeout";
           },
           "postgres.overdue_rows", kWarning},
          {"a slow query for leases", [](F& f) { f.rows.known->why_incomplete = "statement timeout"; },
           "postgres.rows", kNote},
          {"due rows", [](F& f) { f.rows.known->backlog.oldest_pending = 1s; }, "postgres.overdue_rows", kOk},
          {"a longer lease",
           [](F& f) {
             f.rows.known->workers = {{"outboxd:h:1:0", 3, 10min}};
           },
           "postgres.dispatchers", kWarning},
          {"an in-process dispatcher",
           [](F& f) {
             f.rows.known->workers = {{"api-1", 3, 10s}};
           },
           "postgres.dispatchers", kNote},
          {"a part can't be known",
           [](F& f) {
             f.snapshots = {.why_not = "42501"};
             f.locks = {.why_not = "42501"};
             f.rows = {.why_not = "42501"};
           },
           "postgres.snapshot", kNote},
          {"rows of a stream that nobody takes",
           [](F& f) {
             f.rows.known->streams = {"s", "t"};
             f.dispatcher.streams = {"s"};
           },
           "postgres.streams_taken", kNote},
          {"unreachable", [](F& f) { f.unreachable = "refused"; }, "postgres.connection", kCritical},
      },
      postgres);
}

TEST_CASE("remedies are commands that name what they end or change") {
  auto facts = postgres();
  facts.locks.known = std::vector<LockFacts>{{"holds", "pid 4711 of role it's (psql)"},
                                             {"blocks", "prepared transaction o'x, since 2026-01-31T11:00:00Z"}};
  const auto locks = locks_of(facts);
  CHECK(locks.at(0).remedy ==
        "psql -h db -p 5432 -d app -U postgres -c 'SELECT pg_terminate_backend(4711)'"
        "  # rolls its open transaction back");
  CHECK(
      locks.at(1).remedy ==
      R"(psql -h db -p 5432 -d app -U postgres -c 'SELECT * FROM pg_prepared_xacts'  # ask its owner, who then runs )"
      "COMMIT PREPARED 'o''x' or ROLLBACK PREPARED 'o''x'");
  facts.table.known->problems = {
      "table app.t: permission denied for schema app: GRANT USAGE ON its SCHEMA, and SELECT, UPDATE on the table, to "
      "this role"};
  facts.dispatcher.table = "app.t";
  CHECK(
      shape_of(facts).front().remedy ==
      R"(psql -h db -p 5432 -d app -U app_owner -c 'GRANT USAGE ON SCHEMA app TO "outboxd"; GRANT SELECT, UPDATE ON app.t TO "outboxd"')"
      "  # as the table's owner");
  facts.table.known->problems = {R"(role outboxd may not update "t" (attempts): GRANT UPDATE ON "t")"};
  const auto right = shape_of(facts).front();
  CHECK(right.seen == R"(role outboxd may not update "t" (attempts))");
  CHECK(right.remedy ==
        R"(psql -h db -p 5432 -d app -U app_owner -c 'GRANT UPDATE ON "t" TO "outboxd"'  # as the table's owner)");
  CHECK(eviction_of([] {
          auto evicting = redis();
          evicting.settings["maxmemory-policy"] = "allkeys-lru";
          return evicting;
        }())
            .front()
            .remedy ==
        "redis-cli -h cache -p 6379 CONFIG SET maxmemory-policy noeviction && redis-cli -h cache "
        "-p 6379 CONFIG REWRITE");
}

TEST_CASE("what stands before the # of a remedy does no harm when it is pasted") {
  const auto command_in = [](const Findings& findings, const std::string& check) -> std::string {
    for (const auto& finding : findings) {
      if (finding.check == check && !finding.remedy.empty())
        return finding.remedy.substr(0, finding.remedy.find("  #"));
    }
    return {};
  };
  auto facts = postgres();
  facts.triggers.known = {{{.name = "t", .on_update = true, .function = "app.audit", .may_refuse = true}}};
  CHECK(command_in(triggers_of(facts), "postgres.trigger") ==
        R"(psql -h db -p 5432 -d app -U outboxd -c '\sf app.audit()')");
  add_hold(facts, {.kind = dispatch::SnapshotHolder::replication_slot,
                   .handle = "x",
                   .state = "inactive",
                   .transactions = 20'000});
  CHECK(command_in(snapshots_of(facts), "postgres.snapshot") ==
        "psql -h db -p 5432 -d app -U postgres -c 'SELECT * FROM pg_replication_slots'");
  facts.snapshots.known->holds.front().state = "active";
  CHECK(command_in(snapshots_of(facts), "postgres.snapshot").find("on the standby") != std::string::npos);

  auto server = redis();
  const std::string cli = server.cli;
  server.streams.front().type = "hash";
  CHECK(command_in(writes_of(server), "redis.stream_type") ==
        cli + " RENAMENX s s.aside && outboxd streams provision");
  server.info["used_memory"] = "90";
  server.info["total_system_memory"] = "280";
  CHECK(command_in(memory_of(server), "redis.memory") == cli + " --bigkeys");
  server.info["total_system_memory"] = "300";
  CHECK(command_in(memory_of(server), "redis.memory") ==
        cli + " CONFIG SET maxmemory 200 && " + cli + " CONFIG REWRITE");
  server.settings["min-replicas-to-write"] = "0";
  CHECK(command_in(replication_of(server), "redis.replication") == cli + " INFO replication");
  server.info["connected_slaves"] = "2";
  CHECK(command_in(replication_of(server), "redis.replication") ==
        cli + " CONFIG SET min-replicas-to-write 1 && " + cli + " CONFIG REWRITE");
}

TEST_CASE("remedies for Postgres name the role that may run them: the daemon's, the owner, or a superuser") {
  auto facts = postgres();
  CHECK(facts.as_daemon("SELECT 1") == "psql -h db -p 5432 -d app -U outboxd -c 'SELECT 1'");
  CHECK(facts.as_owner("SELECT 1") == "psql -h db -p 5432 -d app -U app_owner -c 'SELECT 1'");
  CHECK(facts.as_superuser("SELECT 1") == "psql -h db -p 5432 -d app -U postgres -c 'SELECT 1'");
  facts.settings.known->superuser = "the boss";
  CHECK(facts.as_superuser("SELECT 1") == "psql -h db -p 5432 -d app -U 'the boss' -c 'SELECT 1'");
  // An owner that can't log in, or isn't known.
  facts.storage.known->owner.clear();
  CHECK(facts.as_owner("SELECT 1") == facts.as_superuser("SELECT 1"));
  facts.settings.known.reset();
  facts.user = "daemon";
  CHECK(facts.as_daemon("SELECT 1") == "psql -h db -p 5432 -d app -U daemon -c 'SELECT 1'");
  facts.unreachable = "refused";
  CHECK(reachability_of(facts).front().remedy.starts_with("psql -h db -p 5432 -d app -U daemon -c 'SELECT 1'  # "));
}

TEST_CASE("remedies that are commands of outboxd have the configuration file that the doctor was given") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"outboxd migrate --tune  # as the owner", "outboxd --config '/etc/my file' migrate --tune  # as the owner"},
      {"redis-cli RENAMENX a b && outboxd streams provision",
       "redis-cli RENAMENX a b && outboxd --config '/etc/my file' streams provision"},
      {"outboxd dead list  # then outboxd dead requeue",
       "outboxd --config '/etc/my file' dead list  # then outboxd --config '/etc/my file' dead requeue"},
      {"systemctl status outboxd; journalctl -u outboxd -n 50", ""},
      {"psql -c 'GRANT SELECT ON t TO outboxd'  # status", ""},
      {"psql -U outboxd -c 'SELECT 1'", ""}};
  for (const auto& [remedy, expected] : cases) {
    Findings findings{{.remedy = remedy}};
    use_config_file("/etc/my file", findings);
    CHECK(findings.front().remedy == (expected.empty() ? remedy : expected));
  }
}

TEST_CASE("no stream is known: the reason is the table's, also if it is locked") {
  auto facts = postgres();
  CHECK(why_no_streams(facts) == "table public.event_outbox has no rows");
  facts.rows = {.why_not = "55P03 lock_not_available"};
  CHECK(why_no_streams(facts) ==
        "the rows of table public.event_outbox could not be read (55P03 lock_not_available)");
  auto server = redis();
  server.streams.clear();
  server.why_no_streams = why_no_streams(facts);
  const auto finding = writes_of(server).front();
  CHECK(finding.severity == kNote);
  CHECK(finding.seen ==
        "can't be known here: no stream is known, as the rows of table public.event_outbox could not be read (55P03 "
        "lock_not_available), and neither dispatcher.streams, dispatcher.stream_maxlen nor a topology names one");
}

TEST_CASE("streams that only the topology names are examined, too, except those that no dispatcher writes to") {
  RedisTarget target;
  target.streams = {"a"};
  target.wanted = {{.name = "a", .cut_to = redis::Bound{10, false}},
                   {.name = "b", .cut_to = redis::Bound{20, true}},
                   {.name = "b.dlq"},
                   {.name = "c", .is_declared = false, .cut_to = redis::Bound{10, false}}};
  add_declared_streams(target);
  CHECK(target.streams == std::vector<std::string>{"a"});
  CHECK(target.only_declared == std::vector<std::string>{"b"});
  CHECK(target.bounds.of("b").maxlen == 20);
  CHECK(target.bounds.of("b").exact);
  // This user may have no right to them.
  auto facts = redis();
  facts.streams = {{.name = "a"},
                   {.name = "b", .refusal = "NOPERM no", .is_only_declared = true},
                   {.name = "c", .refusal = "NOPERM no", .is_only_declared = true}};
  REQUIRE(writes_of(facts).size() == 1);
  CHECK(writes_of(facts).front().severity == kNote);
  CHECK(writes_of(facts).front().seen.starts_with("this user may not write to b, c, which the topology declares"));
}

TEST_CASE("what a server answers to the writes to all streams is one finding") {
  auto facts = redis();
  facts.streams.clear();
  for (const auto* name : {"a", "b", "c", "d", "e", "f"}) {
    facts.streams.push_back({.name = name, .refusal = "OOM command not allowed"});
  }
  facts.streams.push_back({.name = "g", .refusal = "NOPERM no"});
  const auto findings = writes_of(facts);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].severity == kCritical);
  CHECK(findings[0].subject == "cache:6379/0");
  CHECK(findings[0].seen == "XADD is refused on 6 streams (a, b, c, d, e and 1 more): OOM command not allowed");
  CHECK(findings[0].remedy == "see redis.memory");
  CHECK(findings[1].subject == "stream g");
  // There is no other finding where INFO is refused.
  facts.info.clear();
  CHECK(writes_of(facts)[0].remedy.starts_with("redis-cli -h cache -p 6379 INFO memory"));
}

TEST_CASE("a Redis without a configuration file: what CONFIG REWRITE could not do is said instead") {
  auto facts = redis();
  facts.info["config_file"] = "";
  CHECK(facts.change_of("appendonly yes") ==
        "redis-cli -h cache -p 6379 CONFIG SET appendonly yes  # until its next start: it runs without a "
        "configuration file, so also add --appendonly yes to the command that starts redis-server");
  facts.info["used_memory"] = "90";
  facts.info["total_system_memory"] = "300";
  const auto remedy = memory_of(facts).front().remedy;
  CHECK(remedy.find("  # ") == remedy.rfind("  # "));
  facts.info["config_file"] = "/etc/redis/redis.conf";
  CHECK(facts.change_of("appendonly yes").ends_with("CONFIG REWRITE"));
}

TEST_CASE("a new key never overwrites the old one, and a replica's data isn't dropped by a pasted command") {
  auto facts = host();
  facts.key_bytes = 0;
  CHECK(signing_of(facts).front().remedy.starts_with("test -e /etc/outboxd/streams.key || openssl rand"));
  auto server = redis();
  server.info["connected_slaves"] = "0";
  const auto remedy = replication_of(server).front().remedy;
  CHECK(remedy.find("REPLICAOF") > remedy.find("  # "));
}

TEST_CASE("an examination that finds nothing is shown to those who ask for all") {
  auto server = redis();
  server.info.clear();
  const auto findings = examine({.host = host(), .postgres = {postgres()}, .redis = {server}});
  const Finding nothing{.check = "redis.memory", .subject = "cache:6379/0", .seen = "nothing was found"};
  CHECK(std::ranges::find(findings, nothing) != findings.end());
  CHECK(text_of(findings, false).find("nothing was found") == std::string::npos);
  CHECK(text_of(findings, true).find("redis.memory: cache:6379/0: nothing was found") != std::string::npos);
}

TEST_CASE("the cause of a Redis that refuses PING is named, with its remedy") {
  const auto finding_for = [](const std::string& reason) {
    auto facts = redis();
    facts.unreachable = "Redis cache:6379 refuses PING: " + reason;
    return reachability_of(facts).front();
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  CHECK(has(finding_for("MISCONF Errors writing to the AOF file").why, "write to its disk"));
  CHECK(finding_for("MISCONF Errors writing to the AOF file").remedy.starts_with("df -h"));
  CHECK(has(finding_for("BUSY Redis is busy running a script").remedy, "SCRIPT KILL"));
  CHECK(has(finding_for("DENIED Redis is running in protected mode").why, "protected mode"));
  CHECK(has(finding_for("NOAUTH Authentication required").remedy, "correct the login"));
  auto facts = redis();
  facts.unreachable = "the connection was lost while it was closed by the server";
  CHECK(reachability_of(facts).front().remedy.starts_with(facts.cli + " PING  # "));
}

TEST_CASE("settings are changed by an administrator, or in a managed service's parameters") {
  auto facts = redis();
  facts.username = "outboxd";
  facts.cli = "redis-cli -h cache -p 6379 --user outboxd --askpass";
  facts.settings["maxmemory-policy"] = "allkeys-lru";
  CHECK(eviction_of(facts).front().remedy.starts_with(
      "redis-cli -h cache -p 6379 --user ADMINISTRATOR --askpass CONFIG SET maxmemory-policy noeviction"));
  facts.settings.clear();
  facts.info["maxmemory_policy"] = "allkeys-lru";
  facts.why_no_settings = "ERR unknown command 'CONFIG'";
  CHECK(eviction_of(facts).front().remedy.starts_with("in your service's parameters: maxmemory-policy noeviction"));
  const auto replicas = replication_of(facts).front();
  CHECK(replicas.seen.ends_with("min-replicas-to-write can't be known here"));
  CHECK(replicas.severity == kOk);
}

TEST_CASE("an invalid index is named with its schema") {
  auto facts = postgres();
  facts.indexes.known->push_back({.name = "i", .valid = false, .schema = "app"});
  CHECK(indexes_of(facts).back().remedy ==
        R"(psql -h db -p 5432 -d app -U app_owner -c 'REINDEX INDEX CONCURRENTLY "app"."i"')");
}

TEST_CASE("streams of several dispatchers: what each may write, with the smallest bound; not the whole topology") {
  RedisTarget target;
  config::Settings first;
  first.dispatcher.maxlen = 1'000;
  first.dispatcher.streams = {"a", "b"};
  first.dispatcher.stream_maxlen = {{"b", 10}, {"other", 5}};
  config::Settings second;
  second.dispatcher.maxlen = 500;
  second.dispatcher.exclude_streams = {"b"};
  add_streams(target, first, {"a", "c"});
  add_streams(target, second, {"a", "b", "d"});
  CHECK(target.streams == std::vector<std::string>{"a", "b", "d"});
  CHECK(target.bounds.of("a").maxlen == 500);
  CHECK(target.bounds.of("b").maxlen == 10);
  CHECK(target.bounds.of("d").maxlen == 500);
}

TEST_CASE("dispatchers of one table with differing settings are named, with the difference") {
  auto facts = host();
  facts.dispatchers = {{"a", "db", "t", {}, {{"dispatcher.lease", "30000 ms"}, {"dispatcher.maxlen", "7"}}},
                       {"b", "db", "t", {"s"}, {{"dispatcher.lease", "60000 ms"}, {"dispatcher.maxlen", "7"}}}};
  const auto findings = shared_tables_of(facts);
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().severity == kWarning);
  CHECK(findings.front().seen ==
        "they share table t and streams, and differ in dispatcher.lease 30000 ms and 60000 ms");
  facts.dispatchers[0].streams = {"other"};
  CHECK(shared_tables_of(facts).empty());
  facts.dispatchers[0].streams = {};
  facts.dispatchers[0].table = "u";
  CHECK(shared_tables_of(facts).empty());
}

TEST_CASE("the id of the key is shown, and a daemon that signs with another one is named") {
  auto facts = host();
  facts.signing = {.key_id = "88386d75b558be88", .strict = true};
  facts.daemon = {.address = "127.0.0.1:9464"};
  facts.daemon.state.signing = facts.signing;
  REQUIRE(signing_of(facts).size() == 1);
  CHECK(signing_of(facts).front().seen ==
        "a key of 32 bytes: entries are signed with key 88386d75b558be88, and have _sig2");
  facts.daemon.state.signing = SigningState{.key_id = "0123456789abcdef"};
  REQUIRE(signing_of(facts).size() == 2);
  CHECK(signing_of(facts).back().severity == kWarning);
  CHECK(signing_of(facts).back().seen ==
        "the daemon's entries are signed with key 0123456789abcdef, and by this configuration they would be signed "
        "with key 88386d75b558be88, and have _sig2");
  CHECK(signing_of(facts).back().remedy == "systemctl reload outboxd");
}

TEST_CASE("the key: missing, exposed or guessable; and the daemon's own report") {
  auto facts = host();
  facts.key_bytes = 0;
  CHECK(signing_of(facts).front().severity == kCritical);
  facts.mode = "";
  CHECK(signing_of(facts).front().severity == kWarning);
  config::Origin origin{.kind = config::Origin::Kind::file, .name = "o.toml", .read_from = "/etc/k e y"};
  facts.warnings = {{origin, "signing.key_file: /etc/k e y can be read by every user (mode 0644): chmod g-w,o= (…)"}};
  const auto exposed = configuration_of(facts).front();
  CHECK(exposed.check == "host.signing_key");
  CHECK(exposed.remedy == "chmod g-w,o= '/etc/k e y'");
  facts.daemon = {.address = "127.0.0.1:9464"};
  facts.daemon.state.dispatchers["api"] = {.ready = false, .reason = "Redis is unavailable"};
  CHECK(daemon_of(facts).front().severity == kCritical);
  facts.daemon.state.dispatchers["api"] = {.ready = true, .notes = {"stream s is blocked"}};
  CHECK(daemon_of(facts).front().severity == kWarning);
  facts.daemon.why_none = "connection refused";
  CHECK(daemon_of(facts).front().severity == kNote);
}

TEST_CASE("INFO and the answers to the probing XADD are read") {
  const auto fields = fields_of_info("# Server\r\nredis_version:7.0.15\r\n\r\nexecutable:/a:b\r\nempty:\r\nodd");
  CHECK(fields.size() == 3);
  CHECK(fields.at("executable") == "/a:b");
  for (const auto* harmless :
       {"ERR value is not an integer or out of range", "ERR syntax error",
        "ERR Invalid stream ID specified as stream command argument",
        "ERR wrong number of arguments for 'xadd' command", "WRONGTYPE Operation against a key"}) {
    CHECK(refusal_in(harmless).empty());
  }
  for (const auto* refusal : {"NOPERM x", "OOM command", "READONLY You", "MISCONF x", "NOREPLICAS x", "MOVED 1 a:1",
                              "ERR unknown command 'XADD'", "BUSY Redis is busy", "TRYAGAIN Multiple keys",
                              "ERR command is disabled", "ERR proxy: no such backend"}) {
    CHECK(refusal_in(refusal) == refusal);
  }
}

TEST_CASE("words of findings") {
  CHECK(shell_word("a.b-c/d:1") == "a.b-c/d:1");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("a b'c;$") == R"('a b'\''c;$')");
  CHECK(span_text(59s) == "59 s");
  CHECK(span_text(5min) == "5 min");
  CHECK(span_text(100h) == "4 d");
  CHECK(size_text(512) == "512 B");
  CHECK(size_text(10'485'760) == "10.0 MiB");
  CHECK(is_local_address("/run/redis.sock"));
  CHECK_FALSE(is_local_address("10.0.0.1"));
  CHECK(sqlstate_in("FATAL: sorry, too many clients already") == "53300");
  CHECK(sqlstate_in("connection refused").empty());
  CHECK(plain_name(R"("app"."event_outbox")") == "app.event_outbox");
  CHECK(plain_name(R"("App"."t")") == R"("App"."t")");
}

TEST_CASE("text is grouped by server and quiet about what is well; texts of servers can't forge lines") {
  const Findings findings{{"redis.memory", kOk, "r", "fine", "", ""},
                          {"redis.group", kWarning, "group \x1b[2J", "seen\nCRITICAL", "why", "do 'this'"},
                          {"host.signing_key", kNote, "k", "n", "", ""}};
  const auto text = text_of(findings, false);
  CHECK(text ==
        "HOST\n  NOTE      host.signing_key: k: n\n"
        "REDIS\n  WARNING   redis.group: group \\x1b[2J: seen\\nCRITICAL\n"
        "            why: why\n            remedy: do 'this'\n"
        "0 critical, 1 warning, 1 note, 1 ok\n");
  CHECK(text_of({{"redis.group", kNote, "g", std::string(30, 'a') + " " + std::string(30, 'b'), "", ""}}, false, 80)
            .find("\n            bbb") != std::string::npos);
  CHECK(text_of(findings, true).find("OK        redis.memory: r: fine\n") != std::string::npos);
  CHECK(json_lines_of({findings[1]}) ==
        R"({"check":"redis.group","severity":"warning","subject":"group \\x1b[2J","seen":"seen\\nCRITICAL",)"
        R"("why":"why","remedy":"do 'this'"})"
        "\n");
}

TEST_CASE("several dispatchers on one server have its findings once") {
  auto second = postgres();
  second.dispatcher.name = "second";
  const auto one = examine({.host = host(), .postgres = {postgres()}, .redis = {redis()}});
  const auto two = examine({.host = host(), .postgres = {postgres(), second}, .redis = {redis()}});
  const auto versions =
      std::count_if(two.begin(), two.end(), [](const auto& finding) { return finding.check == "postgres.version"; });
  CHECK(versions == 1);
  CHECK(two.size() > one.size());
}

}  // namespace outboxd::daemon::doctor
