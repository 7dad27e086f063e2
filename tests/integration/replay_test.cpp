// SPDX-License-Identifier: Apache-2.0
// `outboxd replay` on real tables and streams: which rows it publishes again, as which entries, and what ends it.
#include "support/caracal_table.hpp"
#include "support/fault_proxy.hpp"
#include "support/published.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

using Words = std::vector<std::string>;
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Runs `outboxd replay` with these words.
Finished replay(const Database& database, Words words, const Environment& changes = {}) {
  words.insert(words.begin(), "replay");
  return run_outboxd(words, with(outboxd_environment(database), changes));
}

void check_status(const Finished& finished, int status) {
  CHECK_MESSAGE(finished.status == status, finished.out, finished.err);
}

void check_has(const std::string& text, const Words& parts) {
  for (const auto& part : parts) CHECK_MESSAGE(contains(text, part), part, " is not in: ", text);
}

void publish_all(const Database& database, Words words = {}) {
  words.insert(words.begin(), "--once");
  const auto once = run_outboxd(words, outboxd_environment(database));
  REQUIRE_MESSAGE(once.status == 0, once.err);
}

/// A role that may only read this table, and the environment with which a command connects as it.
Environment as_reader(const Database& database, const std::string& table) {
  const auto role = "reader_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON " + table + " TO " + role);
  return {{"DATABASE_URL", shared_postgres().url(database.name, role)}};
}

/// Discards a dead row as a role without DELETE does: by a mark.
void discard_by_mark(const Database& database, const std::string& table, const std::string& id, const Words& more) {
  const auto role = "updater_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, UPDATE ON " + table + " TO " + role);
  const TempDir folder;
  Words words{
      "dead", "discard", "--id", id, "--reason", "test", "--yes", "--export", (folder.path() / "rows").string()};
  words.insert(words.end(), more.begin(), more.end());
  const auto done = run_outboxd(
      words, with(outboxd_environment(database), {{"DATABASE_URL", shared_postgres().url(database.name, role)}}));
  REQUIRE_MESSAGE(contains(done.out, "1 of 1 row of "), done.out, done.err);
  REQUIRE(contains(done.out, "marked as discarded"));
}

/// The environment with which a command has only these rights in Redis.
Environment as_redis_user(const std::string& rights) {
  static int number = 0;
  const auto user = "replayer" + std::to_string(++number);
  std::vector<std::string> command{"ACL", "SETUSER", user, "on", ">pw", "~*"};
  for (std::size_t at = 0; at < rights.size();) {
    const auto end = std::min(rights.find(' ', at), rights.size());
    command.push_back(rights.substr(at, end - at));
    at = end + 1;
  }
  REQUIRE_FALSE(shared_redis().probe().send(command).is_error());
  return {{"REDIS_URL", "redis://" + user + ":pw@127.0.0.1:" + std::to_string(shared_redis().port()) + "/0"}};
}

/// The entries of a stream; of those with a `_sig2` without its time and what depends on it.
std::vector<Fields> entries_of(const std::string& stream) {
  std::vector<Fields> entries;
  for (const auto& entry : shared_redis().probe().xrange(stream)) entries.push_back(entry.fields);
  return entries;
}

/// Rows that were published: `count` of them, ten at each second before noon of a day, the earliest first.
void insert_published(const Database& database, const std::string& stream, int count) {
  insert_rows(database, "p", stream, count);
  database.exec("UPDATE event_outbox SET dispatched_at = timestamptz '2026-01-31 12:00:00Z' - (" +
                std::to_string(count) +
                " - substr(id, 2)::int) / 10 * interval '1 second', attempts = 1 WHERE id LIKE 'p%'");
}

std::string ids_in(const std::string& stream) {
  std::string ids;
  for (const auto& id : published(shared_redis().probe(), stream).ids) ids += id + " ";
  return ids;
}

}  // namespace

TEST_CASE("replay publishes byte for byte the first entries, in their order, with SELECT and XADD alone") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_row(database, "r1", stream,
             R"({"zone": "z-1", "n": 9007199254740993, "r": 1.10, "in": {"a": [1, 2]}, "x": null})");
  insert_rows(database, "r2-", stream, 1'100);
  insert_row(database, "r3", stream, R"({"größe": "ä\nb", "_sig": "mine", "outbox_id": "mine"})");
  insert_rows(database, "other", new_stream("replay"), 3);
  publish_all(database);
  const auto first = entries_of(stream);
  REQUIRE(first.size() == 1'102);
  const auto before = database.rows("SELECT xmin, ctid, * FROM event_outbox ORDER BY id");
  const auto rights = with(as_reader(database, "event_outbox"), as_redis_user("+xadd"));
  const auto done = replay(database, {"--stream", stream, "--since", "1h", "--yes", "--reason", "lost"}, rights);
  check_status(done, 0);
  CHECK(done.out == "stream " + stream + ": 1102 of 1102 rows published again\n");
  check_has(done.err,
            {"outbox: 1102 published rows of \"public\".\"event_outbox\" to publish again", "can't be known here",
             "replay by ", ": 1102 of 1102 published rows of \"public\".\"event_outbox\", dispatcher outbox, to ",
             ", --stream '" + stream + "' --since 20", ", reason: lost\n"});
  auto twice = first;
  twice.insert(twice.end(), first.begin(), first.end());
  CHECK(entries_of(stream) == twice);
  CHECK(database.rows("SELECT xmin, ctid, * FROM event_outbox ORDER BY id") == before);
}

TEST_CASE("replay leaves out every row that was not published, and says why for an id") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  const auto elsewhere = new_stream("replay");
  insert_published(database, stream, 4);
  insert_rows(database, "due", stream, 1);
  insert_rows(database, "leased", stream, 1);
  insert_rows(database, "dead", stream, 1);
  insert_rows(database, "gone", stream, 1);
  insert_rows(database, "else", elsewhere, 1);
  database.exec(
      "UPDATE event_outbox SET locked_until = now() + interval '1 hour', attempts = 1 WHERE id LIKE 'leased%';"
      "UPDATE event_outbox SET available_at = 'infinity', last_error = 'refused' WHERE id ~ '^(dead|gone)';"
      "UPDATE event_outbox SET dispatched_at = '2026-01-31 11:00Z' WHERE id LIKE 'else%'");
  discard_by_mark(database, "event_outbox", "gone000001", {});
  const auto all = replay(database, {"--stream", stream, "--yes", "--json"});
  check_status(all, 0);
  check_has(all.out, {R"("rows":4,"published":4,)", R"("end":"complete")", R"("maxlen":100000)"});
  CHECK(ids_in(stream) == "p000001 p000002 p000003 p000004 ");
  const Words ids{"--id",       "p000003", "--id",       "due000001", "--id",    "leased000001", "--id",
                  "dead000001", "--id",    "gone000001", "--id",      "nowhere", "--id",         "p000001"};
  auto words = ids;
  words.emplace_back("--yes");
  const auto some = replay(database, words);
  check_status(some, 3);
  check_has(some.out,
            {"2 of 2 rows published again", "left out: due000001 (not published yet)", "left out: leased000001 (not",
             "left out: dead000001 (dead: outboxd dead requeue publishes it)",
             "left out: gone000001 (discarded, and never published)", "left out: nowhere (not in the table)"});
  CHECK(ids_in(stream) == "p000001 p000002 p000003 p000004 p000001 p000003 ");
  // Every condition holds.
  const auto outside =
      replay(database, {"--id", "p000001", "--stream", stream, "--until", "2026-01-31T11:00:00Z", "--yes"});
  check_status(outside, 2);
  check_has(outside.err, {"left out: 1 row published outside this range"});
  check_status(replay(database, {"--id", "else000001", "--stream", stream, "--yes"}), 2);
  check_status(replay(database, {"--id", "p000001", "--streams", elsewhere, "--yes"}), 2);
  CHECK(shared_redis().probe().xlen(elsewhere) == 0);
}

TEST_CASE("replay of caracal_outbox and of a partitioned table of another shape: fields, order and discarded rows") {
  const auto database = caracal_database();
  const auto topic = new_stream("replay");
  insert_caracal_rows(database, "c", topic, 40);
  insert_caracal_row(database, "d1", topic, R"({"a": null, "_sig2": "mine"})");
  database.exec("UPDATE caracal_outbox SET status = 'dead' WHERE id IN ('c000039', 'c000040')");
  const auto run = run_outboxd(for_caracal_table({"--once"}), outboxd_environment(database));
  REQUIRE_MESSAGE(run.status == 0, run.err);
  const auto first = entries_of(topic);
  REQUIRE(first.size() == 39);
  discard_by_mark(database, "caracal_outbox", "c000039", for_caracal_table({}));
  database.exec(
      "INSERT INTO caracal_outbox (id, producer, topic, dedupe_key, payload_json, status, published_at)"
      " VALUES ('y', 'api', " +
      literal(topic) + ", 'y', '{}', 'published', now())");
  const auto again = run_outboxd(for_caracal_table({"replay", "--stream", topic, "--yes"}),
                                 with(outboxd_environment(database), as_reader(database, "caracal_outbox")));
  check_status(again, 0);
  auto twice = first;
  twice.insert(twice.end(), first.begin(), first.end());
  CHECK(entries_of(topic) == twice);

  const TempDir folder;
  const auto file = folder.write(
      "outboxd.toml",
      "[dispatcher]\nlayout = \"custom\"\ntable = \"jobs\"\n[dispatcher.columns]\n"
      "id = \"n\"\nstream = \"queue\"\npayload = \"body\"\nattempts = \"tries\"\n"
      "available_at = \"run_at\"\nlocked_until = \"lease_end\"\nlocked_by = \"owner\"\n"
      "status = \"state\"\n[dispatcher.states]\npending = \"pending\"\npublished = \"published\"\ndead = \"dead\"\n");
  const auto queue = new_stream("replay");
  database.exec(
      "CREATE TABLE jobs (n bigint PRIMARY KEY, queue text, body text, tries int DEFAULT 0, run_at timestamptz "
      "DEFAULT now(),"
      " lease_end timestamptz, owner text, state text DEFAULT 'pending') PARTITION BY RANGE (n);"
      "CREATE TABLE jobs_a PARTITION OF jobs FOR VALUES FROM (0) TO (100);"
      "CREATE TABLE jobs_b PARTITION OF jobs FOR VALUES FROM (100) TO (1000);"
      "INSERT INTO jobs (n, queue, body, run_at) SELECT n, " +
      literal(queue) +
      ", '{\"n\": ' || n || '}', timestamptz '2026-01-31 12:00Z' + n % 2 * interval '1 hour' + n * interval '1 "
      "second'"
      " FROM generate_series(95, 104) AS n");
  const auto environment = outboxd_environment(database);
  const auto once = run_outboxd({"--once", "--config", file.string()}, environment);
  REQUIRE_MESSAGE(once.status == 0, once.err);
  const auto published_first = ids_in(queue);
  CHECK(published_first == "96 98 100 102 104 95 97 99 101 103 ");
  database.exec("INSERT INTO jobs VALUES (999, " + literal(queue) +
                ", '{}', 1, 'infinity', NULL, NULL, 'published')");
  const auto replayed = run_outboxd({"replay", "--stream", queue, "--since", "2026-01-31T12:00:00Z", "--after", "104",
                                     "--config", file.string(), "--yes"},
                                    environment);
  check_status(replayed, 0);
  check_has(replayed.err, {"OLDEST and NEWEST are of the column run_at", "no column for the time of publishing"});
  CHECK(ids_in(queue) == published_first + "95 97 99 101 103 ");
  const auto no_number = run_outboxd({"replay", "--id", "abc", "--config", file.string(), "--yes"}, environment);
  check_status(no_number, 2);
  check_has(no_number.err, {"outboxd replay: ", "22P02"});
}

TEST_CASE("replay publishes each of several rows with one id, also where a window of the table ends between them") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  const auto name = literal(stream);
  database.exec(
      "ALTER TABLE event_outbox RENAME TO plain;"
      "CREATE TABLE event_outbox (LIKE plain INCLUDING DEFAULTS) PARTITION BY RANGE (created_at);"
      "CREATE TABLE older PARTITION OF event_outbox FOR VALUES FROM ('2020-01-01') TO ('2025-01-01');"
      "CREATE TABLE newer PARTITION OF event_outbox FOR VALUES FROM ('2025-01-01') TO ('2100-01-01');"
      "CREATE INDEX ON event_outbox (id);"
      "INSERT INTO event_outbox (id, stream_name, payload_json, created_at, available_at, dispatched_at)"
      " SELECT id, " +
      name +
      ", ('{\"n\": ' || n || '}')::jsonb, created::timestamptz, '2026-01-01', '2026-01-01'::timestamptz + minute * "
      "interval '1 minute' FROM (VALUES ('first', 1, '2024-01-01', 0), ('first', 2, '2026-01-01', 0),"
      " ('last', 3, '2024-01-01', 2), ('last', 4, '2026-01-01', 2)) AS twins (id, n, created, minute);"
      "INSERT INTO event_outbox (id, stream_name, payload_json, created_at, available_at, dispatched_at)"
      " SELECT 'm' || n, " +
      name + ", '{}', '2026-01-01', '2026-01-01', '2026-01-01 00:01' FROM generate_series(1, 9997) AS n");
  const auto done = replay(database, {"--stream", stream, "--yes"}, as_reader(database, "event_outbox"));
  check_status(done, 0);
  CHECK(done.out == "stream " + stream + ": 10001 of 10001 rows published again\n");
  std::vector<std::string> numbers;
  for (const auto& fields : entries_of(stream)) {
    for (const auto& [field, value] : fields) {
      if (field == "n") numbers.push_back(value);
    }
  }
  std::ranges::sort(numbers);
  CHECK(numbers == std::vector<std::string>{"1", "2", "3", "4"});
}

TEST_CASE("replay signs as the daemon does, with _sig2 as well where signing.strict is set") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_rows(database, "r", stream, 2);
  const Environment strict{{"OUTBOXD_SIGNING_STRICT", "true"}};
  REQUIRE(run_outboxd({"--once"}, with(outboxd_environment(database), strict)).status == 0);
  check_status(replay(database, {"--stream", stream, "--yes"}, strict), 0);
  auto entries = entries_of(stream);
  REQUIRE(entries.size() == 4);
  for (std::size_t i = 0; i < 2; ++i) {
    auto& again = entries[i + 2];
    REQUIRE(again.size() == entries[i].size());
    CHECK(again[again.size() - 2].first == "_sig2");
    // Signed anew, at another time.
    CHECK(again[again.size() - 2].second != entries[i][again.size() - 2].second);
    again.resize(again.size() - 2);
    entries[i].resize(again.size());
    CHECK(again == entries[i]);
  }
  check_status(run_outboxd({"streams", "check-signatures", stream, "--strict"}, outboxd_environment(database)), 0);
  const auto unsigned_one = replay(database, {"--stream", stream, "--dry-run"}, {{"STREAMS_HMAC_KEY", ""}});
  check_has(unsigned_one.out, {"warning: no signing key is set"});
}

TEST_CASE("replay at a rate is stopped by Ctrl-C, says how far it came, and goes on from there to the same end") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_published(database, stream, 120);
  const auto child =
      start_outboxd({"replay", "--stream", stream, "--since", "2026-01-31T11:59:50Z", "--rate", "20/s", "--yes"},
                    outboxd_environment(database));
  auto redis = shared_redis().probe();
  wait_until([&] { return redis.xlen(stream) >= 5; });
  child->signal(SIGINT);
  CHECK(child->wait() == 1);
  const auto sent = redis.xlen(stream);
  CHECK(sent < 110);
  const auto out = child->out();
  check_has(out, {std::to_string(sent) + " of 110 rows published again", "  stopped: interrupted\n",
                  "  done up to row p", ", published at 2026-01-31 1"});
  CHECK(contains(child->err(), ", stopped early\n"));
  const std::string begin = "go on with: outboxd replay ";
  const auto at = out.find(begin);
  REQUIRE(at != std::string::npos);
  // What it prints are arguments, of which only the quotes are a shell's.
  Words words;
  std::string word;
  for (const char c : out.substr(at + begin.size())) {
    if (c == '\'') continue;
    if (c != ' ' && c != '\n') {
      word += c;
      continue;
    }
    words.push_back(word);
    word.clear();
    if (c == '\n') break;
  }
  words.emplace_back("--yes");
  const auto rest = replay(database, words);
  check_status(rest, 0);
  CHECK(contains(rest.out, std::to_string(110 - sent) + " of " + std::to_string(110 - sent) + " rows"));
  CHECK(published(shared_redis().probe(), stream).each_once(110));
}

TEST_CASE("replay warns before it sends: rows that are removed, the stream's bound, and what a group has not read") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_published(database, stream, 30);
  auto redis = shared_redis().probe();
  redis.command("XGROUP", "CREATE", stream, "slow", "0", "MKSTREAM");
  for (int i = 0; i < 8; ++i) redis.command("XADD", stream, "*", "a", "1");
  const Words bounds{"--retention", "10m", "--maxlen", "20", "--dry-run"};
  Words words{"--stream", stream, "--since", "2026-01-31T11:00:00Z", "--until", "2026-01-31T13:00:00Z"};
  words.insert(words.end(), bounds.begin(), bounds.end());
  const auto dry = replay(database, words);
  check_status(dry, 0);
  check_has(dry.out,
            {"outbox: 30 published rows of \"public\".\"event_outbox\" to publish again (--stream '" + stream +
                 "' --since "
                 "2026-01-31T11:00:00.000000Z --until 2026-01-31T13:00:00.000000Z)\n",
             stream + "    30  2026-01-31T11:59:58Z  2026-01-31T12:00:00Z     20\n",
             "OLDEST and NEWEST are of the column dispatched_at\n",
             "warning: dispatcher.retention is 10m: rows that were published before ",
             "the oldest published row that the table has is of 2026-01-31T11:59:58.000000Z, after --since",
             "keeps about 20 entries: of these 30 rows the first 10 are trimmed again",
             "group slow: the replay pushes out 8 entries that it has not read (MAXLEN 20)"});
  CHECK(redis.xlen(stream) == 8);
  const auto sees = replay(database, words, as_redis_user("+type +xlen +xinfo|stream +xinfo|groups +info"));
  check_has(sees.out, {"group slow: the replay pushes out 8 entries"});
  CHECK_FALSE(contains(sees.out, "known"));
  // With +xadd alone it can't know; the warning of the bound needs no right.
  const auto blind = replay(database, words, as_redis_user("+xadd"));
  check_status(blind, 0);
  check_has(blind.out, {"keeps about 20 entries", "can't be known here"});
  words.emplace_back("--json");
  const auto json = replay(database, words, {{"REDIS_URL", "redis://127.0.0.1:1/0"}});
  check_status(json, 0);
  check_has(json.out, {R"("rows":30,"published":0,)", R"("warnings":["dispatcher.retention)",
                       R"("oldest":"2026-01-31T11:59:58.000000Z")", "not read are pushed out is unknown: "});
}

TEST_CASE("replay ends at what Redis refuses: a key of another type, a full Redis, a missing right, no answer") {
  const auto database = contract_database();
  const auto wrong = new_stream("replay");
  const auto right = new_stream("replay");
  insert_published(database, wrong, 3);
  database.exec("INSERT INTO event_outbox (id, stream_name, payload_json, dispatched_at) VALUES ('q', " +
                literal(right) + ", '{}', now()), ('bad', " + literal(right) + ", '[]', now() - interval '1 s')");
  auto redis = shared_redis().probe();
  redis.command("SET", wrong, "a string");
  const Words both{"--stream", wrong, "--stream", right, "--yes"};
  // Where the type may be seen, nothing is sent.
  const auto seen = replay(database, both);
  check_status(seen, 4);
  check_has(seen.err, {"outboxd replay: " + wrong + " is a key of type string, not a stream"});
  CHECK(redis.xlen(right) == 0);
  const auto blind = replay(database, both, as_redis_user("+xadd"));
  check_status(blind, 4);
  check_has(
      blind.out,
      {"refused: row p000001: Redis refuses: WRONGTYPE", "the key is not a stream: rename or delete it",
       "go on with: outboxd replay --stream '" + wrong + "'", "stream " + right + ": 1 of 2 rows published again",
       "1 row not published: no entry can be made (bad: "});
  CHECK(contains(blind.err, ", refused by Redis\n"));
  check_status(replay(database, {"--stream", right, "--yes"}), 3);
  const auto forbidden = replay(database, {"--stream", right, "--yes"}, as_redis_user("+ping"));
  check_status(forbidden, 4);
  check_has(forbidden.out, {"NOPERM", "grant this Redis user +xadd"});

  // A full Redis refuses every stream's entries, so that the next stream is not begun.
  const PrivateRedis full{{"maxmemory 1kb", "maxmemory-policy noeviction"}};
  const auto refused = replay(database, both, {{"REDIS_URL", full.url()}});
  check_status(refused, 4);
  check_has(refused.out, {"refused: row p000001: Redis refuses: OOM", "Redis is full: raise its maxmemory",
                          "stream " + right + ": 0 of 2 rows published again; not begun\n  go on with: "});

  FaultProxy proxy{shared_redis().port()};
  const Environment proxied{{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(proxy.port()) + "/0"}};
  const auto child = start_outboxd({"replay", "--id", "q", "--yes"}, with(outboxd_environment(database), proxied));
  proxy.wait_for("XADD", FaultProxy::Phase::done);
  proxy.go_on(FaultProxy::Then::cut);
  CHECK(child->wait() == 1);
  check_has(child->out(),
            {"0 of 1 row published again", "1 row possibly sent, as no answer came; a repeat is harmless",
             "it may be in the stream", "go on with: outboxd replay --stream '" + right + "' --id 'q'\n"});
  proxy.go_away(true);
  const auto away = replay(database, {"--id", "q", "--yes"}, proxied);
  check_status(away, 2);
  check_has(away.err, {"outboxd replay: ", "127.0.0.1:" + std::to_string(proxy.port())});
}

TEST_CASE("replay refuses what it can't do before anything is sent") {
  const auto database = contract_database();
  const auto stream = new_stream("replay");
  insert_published(database, stream, 3);
  const auto refused = [&](const Words& words, const std::string& why) {
    const auto ended = replay(database, words);
    check_status(ended, 2);
    CHECK_MESSAGE(contains(ended.err, why), ended.err);
  };
  refused({"--yes"}, "say which published rows");
  refused({"--stream", stream, "--since", "1h", "--until", "2h", "--yes"}, "--since has to be the earlier time");
  refused({"--stream", stream, "--since", "noon", "--yes"}, "--since 'noon' is no time");
  refused({"--stream", stream, "--rate", "0/s", "--yes"}, "is no rate");
  refused({"--stream", stream}, "there is no terminal to ask at: say --yes as well, or --dry-run");
  refused({"--stream", "no.such.stream", "--yes"},
          "stream no.such.stream: table \"public\".\"event_outbox\" has no row");
  refused({"--stream", stream, "--after", "nowhere", "--yes"},
          "--after nowhere: no chosen stream has a published row");
  refused({"--stream", stream, "--table", "nowhere", "--yes"}, "nowhere");
  // Nothing to do is done.
  check_status(replay(database, {"--stream", stream, "--until", "2026-01-30T00:00:00Z", "--yes"}), 0);
  CHECK(shared_redis().probe().xlen(stream) == 0);
}
