// SPDX-License-Identifier: Apache-2.0
// `outboxd trace` on real servers: a row in each state, its entries and who has read them, and what can't be known.
#include "support/caracal_table.hpp"
#include "support/signature.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

Finished trace(const Database& database, std::vector<std::string> words, const Environment& changes = {}) {
  words.insert(words.begin(), "trace");
  return run_outboxd(words, with(outboxd_environment(database), changes));
}

void check_shows(const Finished& finished, int status, const std::vector<std::string>& parts) {
  CHECK_MESSAGE(finished.status == status, finished.out, finished.err);
  for (const auto& part : parts) CHECK_MESSAGE(contains(finished.out, part), part, " is not in: ", finished.out);
}

/// An entry with the id of a row, well signed unless another key is given.
std::string add_entry(RedisProbe& redis, const std::string& stream, const std::string& outbox_id,
                      const std::string& at = "*", const std::string& key = test_key()) {
  std::vector<std::pair<std::string, std::string>> fields{{"outbox_id", outbox_id}, {"n", "1"}};
  const auto signature = expected_signature(stream, fields, key);
  return redis.command("XADD", stream, at, "outbox_id", outbox_id, "n", "1", "_sig", signature).text;
}

/// Milliseconds since 1970, so many hours ago.
std::string hours_ago(RedisProbe& redis, int hours) {
  return std::to_string((std::stoll(redis.command("TIME").elements.at(0).text) - hours * 3'600) * 1'000) + "-0";
}

void publish_once(const Database& database) {
  REQUIRE(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
}

Environment redis_user(const std::string& user) {
  return {{"REDIS_URL", "redis://" + user + ":pw@127.0.0.1:" + std::to_string(shared_redis().port()) + "/0"}};
}

}  // namespace

TEST_CASE("trace shows a row in each state, and what happens next, without its payload") {
  const auto database = contract_database();
  const auto stream = new_stream("trace");
  for (const std::string id : {"due", "later", "leased", "gone", "dead", "it's discarded", "locked"}) {
    insert_row(database, id, stream, R"({"secret": "word"})");
  }
  const std::string worker = "outboxd:" + database.name + ":7:0a1b2c3d:api";
  database.exec(
      "UPDATE event_outbox SET available_at = now() - interval '10 minutes', created_at = now() - interval '1 hour';"
      "UPDATE event_outbox SET available_at = now() + interval '1 hour', attempts = 3, last_error = E'no\\nroom'"
      " WHERE id = 'later';"
      "UPDATE event_outbox SET locked_until = now() + interval '1 hour', locked_by = " +
      literal(worker) +
      " WHERE id = 'leased';"
      "UPDATE event_outbox SET locked_until = now() + interval '1 hour', locked_by = 'outboxd:h:8:00000000'"
      " WHERE id = 'gone';"
      "UPDATE event_outbox SET available_at = 'infinity', attempts = 100 WHERE id = 'dead';"
      "UPDATE event_outbox SET dispatched_at = 'epoch', last_error = 'discarded: test' WHERE id LIKE '%discarded'");
  check_shows(trace(database, {"due"}), 0,
              {"row due of \"public\".\"event_outbox\"\n", "  state         pending\n", "  stream        " + stream,
               "  attempts      0 of 100\n", "(60 min ago)", "there is no such stream yet",
               "  - it is due now and waits for a dispatcher: none has claimed it for 10 min"});
  check_shows(trace(database, {"later"}), 0,
              {"  state         scheduled\n", "attempt 4 of 100 follows at ", "  last error    no\\nroom\n"});
  check_shows(trace(database, {"dead"}), 0,
              {"nothing: it is dead; once the cause of its error is mended, `outboxd dead requeue --dispatcher "
               "outbox --id dead` makes it due again"});
  check_shows(trace(database, {"it's discarded"}), 0, {"  state         discarded\n"});
  {
    const auto connection = database.connect();
    pqxx::nontransaction session{*connection};
    session.exec("SELECT pg_advisory_lock(hashtextextended(" + literal(worker) + ", 7230))");
    check_shows(trace(database, {"leased"}), 0,
                {"held by " + worker + " (host " + database.name + ", pid 7, dispatcher api), which lives\n",
                 "the lease of instance " + worker});
    check_shows(trace(database, {"leased", "--json"}), 0,
                {R"("state":"leased",)", R"("instance":")" + worker + R"(","holder":"lives")"});
  }
  check_shows(trace(database, {"gone"}), 0, {"which is gone\n", "a running dispatcher takes the row over"});
  {
    const auto connection = database.connect();
    pqxx::work lock{*connection};
    lock.exec("SELECT FROM event_outbox WHERE id = 'locked' FOR UPDATE");
    check_shows(trace(database, {"locked"}), 0, {"  locked by     pid ", "a transaction keeps it locked"});
  }
  // Each of the daemon's settings decides whether a dispatcher takes the row.
  check_shows(trace(database, {"due", "--streams", "other"}), 0, {"none of the chosen dispatchers takes it"});

  const auto without = trace(database, {"due", "--json"});
  CHECK_FALSE(contains(without.out, "word"));
  check_shows(without, 0,
              {R"({"id":"due","found":true,"stories":[{"row":{"table":"\"public\".\"event_outbox\"",)",
               R"("dispatchers":["outbox"],"id":"due","stream":")",
               R"("payload_bytes":18,"why_no_payload":null,"next":)", R"("absence":"not_written")"});
  check_shows(trace(database, {"due", "--payload"}), 0, {R"({"secret": "word"})"});
  check_shows(trace(database, {"due", "--payload", "--json"}), 0, {R"("payload":"{\"secret\": \"word\"}")"});
  check_shows(trace(database, {"no such id"}), 1, {"no row and no entry with the id no such id was found\n"});
  CHECK(trace(database, {""}).status == 2);
  CHECK(trace(database, {"due", "--max-entries", "0"}).status == 2);
  CHECK(trace(database, {"due", "--key-file", "/no/such/file"}).status == 2);
}

TEST_CASE("trace shows a published row's entries, their signatures, and how far each group has come") {
  const auto database = contract_database();
  const auto stream = new_stream("trace");
  // No other test has it.
  const auto one = stream + "-one";
  auto redis = shared_redis().probe();
  insert_row(database, one, stream, R"({"n": 1})");
  publish_once(database);
  for (const std::string group : {"acked", "holds", "empty"}) redis.command("XGROUP", "CREATE", stream, group, "0");
  redis.command("XGROUP", "CREATE", stream, "late", "$");
  redis.command("XREADGROUP", "GROUP", "holds", "c-1", "STREAMS", stream, ">");
  redis.command("XREADGROUP", "GROUP", "acked", "c-2", "STREAMS", stream, ">");
  const auto id = redis.xrange(stream).front().id;
  redis.command("XACK", stream, "acked", id);
  const auto text = trace(database, {one});
  check_shows(
      text, 0,
      {"  state         published\n", "  entry         " + id + ", added 20", "    signature   well signed with key ",
       "    group       acked: passed: not pending, and the group's position is past the entry: it was acknowledged,",
       "    group       empty: not yet read\n",
       "    group       holds: delivered 1 time and not acknowledged: pending with consumer c-1, idle ",
       "    group       late: passed: not pending,", "skipped, as the group began",
       "  - consumer c-1 of group holds acknowledges it",
       "  - consumer group empty reads it once it has a consumer"});
  check_shows(trace(database, {one, "--json"}), 0,
              {R"("state":"published")", R"("signature":"well_signed","reason":"none","key_id":")",
               R"({"group":"acked","state":"passed",)", R"({"group":"late","state":"passed",)",
               R"({"group":"empty","state":"unread","consumer":null,"idle_ms":null,"deliveries":null,)",
               R"({"group":"holds","state":"pending","consumer":"c-1",)", R"("deliveries":1,)"});
  // A repeat, and a forged copy.
  add_entry(redis, stream, one);
  add_entry(redis, stream, one, "*", std::string(64, 'd'));
  check_shows(trace(database, {one, "--json"}), 0,
              {R"("entries_read":3,)", R"("signature":"wrong","reason":"cannot_tell")"});
  check_shows(trace(database, {one}, {{"STREAMS_HMAC_KEY", ""}}), 0, {"there is no key to check with"});
  check_shows(trace(database, {one, "--max-entries", "2"}), 0,
              {"2 entries; NOT ALL: the search stopped after 2 entries; raise --max-entries"});
  // Pruned: the entries are found in the stream that is named, or in all that the configuration names.
  database.exec("DELETE FROM event_outbox");
  check_shows(trace(database, {one, "--stream", stream}), 0,
              {"no row with the id " + one + " was found\n", "  entry         " + id, "group holds acknowledges it"});
  check_shows(trace(database, {one, "--streams", stream}), 0, {"  entry         " + id});
  check_shows(trace(database, {one, "--json"}), 1, {R"("found":false)"});
  check_shows(trace(database, {one}), 1,
              {"no row and no entry with the id " + one + " was found\nno entry in: caracal."});
  check_shows(trace(database, {"no such id", "--stream", stream, "--max-entries", "1"}), 3,
              {"no row and no entry", "the search stopped after 1 entries"});
}

TEST_CASE("trace says that an entry is gone by trimming only where the stream proves it") {
  const auto database = contract_database();
  const auto stream = new_stream("trace");
  auto redis = shared_redis().probe();
  insert_row(database, "one", stream, "{}");
  database.exec(
      "UPDATE event_outbox SET created_at = now() - interval '3 hours', available_at = now() - interval '3 hours',"
      " dispatched_at = now() - interval '2 hours'");
  redis.command("XGROUP", "CREATE", stream, "behind", "0", "MKSTREAM");
  check_shows(trace(database, {"one"}), 0, {"missing: nothing was ever removed from this stream"});
  add_entry(redis, stream, "one", hours_ago(redis, 2));
  const auto last = add_entry(redis, stream, "two");
  redis.command("XGROUP", "CREATE", stream, "ahead", "$");
  check_shows(trace(database, {"one"}), 0, {"well signed", " on, 2 entries\n"});
  redis.command("XTRIM", stream, "MAXLEN", "1");
  check_shows(trace(database, {"one"}), 0,
              {"gone by trimming: its entry was added before the stream's first one, " + last,
               "    group       behind: never read it\n",
               "nothing: it was published, and is gone by trimming; group behind never read it"});
  check_shows(trace(database, {"one", "--json"}), 0, {R"("absence":"trimmed")", R"("lost_by_groups":["behind"])"});
  redis.command("XDEL", stream, last);
  check_shows(trace(database, {"one"}), 0, {"unknown: trimmed or deleted: entries up to " + last});
  redis.command("DEL", stream);
  check_shows(trace(database, {"one"}), 0, {"missing: there is no such stream: it was deleted"});
  redis.command("SET", stream, "x");
  check_shows(trace(database, {"one"}), 0, {"unknown: this key is not a stream"});
}

TEST_CASE("trace finds the row in whichever table holds it, by an id of its type or by its dedupe key") {
  const auto database = contract_database();
  create_caracal_table(database);
  database.exec(
      "CREATE TABLE jobs (id bigint PRIMARY KEY, topic text NOT NULL, body jsonb NOT NULL, tries int NOT NULL DEFAULT"
      " 0, next_try timestamptz NOT NULL DEFAULT now(), sent_at timestamptz)");
  const auto stream = new_stream("trace");
  insert_row(database, "text-id", stream, "{}");
  insert_caracal_row(database, "c-1", stream, "{}");
  database.exec("INSERT INTO jobs (id, topic, body) VALUES (42, " + literal(stream) + ", '{}')");
  const TempDir folder;
  const auto file = folder
                        .write("outboxd.toml",
                               "[[dispatcher]]\nname = \"jobs\"\nlayout = \"custom\"\ntable = \"jobs\"\n"
                               "[dispatcher.columns]\nid = \"id\"\nstream = \"topic\"\npayload = \"body\"\n"
                               "attempts = \"tries\"\navailable_at = \"next_try\"\npublished_at = \"sent_at\"\n"
                               "[[dispatcher]]\nname = \"api\"\ntable = \"event_outbox\"\n"
                               "[[dispatcher]]\nname = \"coordinator\"\nprofile = \"coordinator\"\n"
                               "layout = \"caracal_outbox\"\ntable = \"caracal_outbox\"\n")
                        .string();
  const auto find = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--config", file});
    return trace(database, words);
  };
  check_shows(find({"text-id"}), 0, {"row text-id of \"public\".\"event_outbox\"\n", "  dispatcher    api\n"});
  check_shows(find({"42"}), 0, {"row 42 of \"public\".\"jobs\"\n", "  dispatcher    jobs\n"});
  check_shows(find({"c-1"}), 0, {"  dedupe key    key-c-1\n"});
  check_shows(find({"key-c-1"}), 0, {"row c-1 of \"public\".\"caracal_outbox\"\n", "  attempts      0 of 10\n"});
  // A dispatcher of another producer's rows.
  check_shows(trace(database, {"key-c-1", "--layout", "caracal_outbox", "--producer", "api"}), 0,
              {"row c-1 of ", "none of the chosen ones takes it"});
  check_shows(find({"99999999999999999999"}), 1, {"no row and no entry"});
  // A table whose rows can't be read is none in which an id was not found, whatever the error.
  const auto role = "divided_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role +
                "; ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;"
                "CREATE POLICY divides ON jobs USING (1 / tries >= 0)");
  check_shows(
      trace(database, {"42", "--config", file}, {{"DATABASE_URL", shared_postgres().url(database.name, role)}}), 3,
      {"no row and no entry", "rows of dispatcher jobs, table jobs: ", "division by zero"});
  check_shows(find({"42", "--dispatcher", "api"}), 1, {"no row and no entry"});
  // Leased, in a layout that has one column for that and for the time at which it is due.
  database.exec("UPDATE caracal_outbox SET available_at = now() + interval '20 seconds'");
  check_shows(find({"c-1"}), 0, {"  state         leased\n", "this layout doesn't say which instance has it"});
  // One table that can't be read, and one id in two partitions.
  database.exec(
      "ALTER TABLE jobs RENAME COLUMN sent_at TO other; ALTER TABLE event_outbox RENAME TO plain;"
      "CREATE TABLE event_outbox (LIKE plain INCLUDING DEFAULTS) PARTITION BY LIST (stream_name);"
      "CREATE TABLE one PARTITION OF event_outbox FOR VALUES IN ('s-one');"
      "CREATE TABLE two PARTITION OF event_outbox FOR VALUES IN ('s-two')");
  insert_row(database, "twice", "s-one", "{}");
  insert_row(database, "twice", "s-two", "{}");
  check_shows(find({"twice"}), 0,
              {"  stream        s-one\n", "  stream        s-two\n", "can't be known here\n", "sent_at"});
  check_shows(find({"42"}), 3, {"no row and no entry", "rows of dispatcher jobs, table jobs: table"});
}

TEST_CASE("trace shows rows whose payloads are too large to be read, and bounds those that it shows") {
  const auto database = contract_database();
  database.exec(
      "ALTER TABLE event_outbox RENAME TO plain;"
      "CREATE TABLE event_outbox (LIKE plain INCLUDING DEFAULTS) PARTITION BY LIST (stream_name);"
      "CREATE TABLE one PARTITION OF event_outbox FOR VALUES IN ('s-one');"
      "CREATE TABLE two PARTITION OF event_outbox FOR VALUES IN ('s-two')");
  const std::string payload = R"({"a": ")" + std::string(700, 'x') + R"("})";
  insert_row(database, "twice", "s-one", payload);
  insert_row(database, "twice", "s-two", payload);
  insert_row(database, "huge", "s-two", "{}");
  // Small as it is stored; its text is six times as long as it is in memory.
  database.exec(
      "UPDATE event_outbox SET payload_json = jsonb_build_object('s', repeat(chr(1), 200000)) WHERE id = 'huge'");
  const std::vector<std::string> bound{"--max-payload-bytes", "1KiB"};
  const auto find = [&](std::vector<std::string> words) {
    words.insert(words.end(), bound.begin(), bound.end());
    return trace(database, words);
  };
  check_shows(find({"huge"}), 0, {"  payload       over 66 KiB, so it is not read: no dispatcher publishes"});
  check_shows(find({"huge", "--payload", "--json"}), 0, {R"("payload_bytes":null,"why_no_payload":"over 66 KiB,)"});
  check_shows(find({"twice"}), 0, {"  payload       709 B (--payload shows it)\n"});
  const auto shown = find({"twice", "--payload"});
  check_shows(shown, 0, {payload, "709 B; not shown: --payload shows at most 1.0 KiB in all"});
  CHECK(occurrences(shown.out, payload) == 1);
}

TEST_CASE("trace shows what few rights and one server let it see") {
  const auto database = contract_database();
  const auto stream = new_stream("trace");
  auto redis = shared_redis().probe();
  insert_row(database, "one", stream, R"({"n": 1})");
  publish_once(database);
  redis.command("XGROUP", "CREATE", stream, "g", "0");
  redis.command("XREADGROUP", "GROUP", "g", "c", "STREAMS", stream, ">");
  const auto role = "trace_" + database.name;
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT ON event_outbox TO " + role);
  const Environment as_role{{"DATABASE_URL", shared_postgres().url(database.name, role)}};
  // Exactly the rights of the help.
  redis.command("ACL", "SETUSER", "tracer", "on", ">pw", "~*", "+xrange", "+time", "+xinfo|stream", "+xinfo|groups",
                "+xpending");
  const auto all = trace(database, {"one"}, with(as_role, redis_user("tracer")));
  check_shows(all, 0, {"  state         published\n", "pending with consumer c,"});
  CHECK_FALSE(contains(all.out, "can't be known here"));
  redis.command("ACL", "SETUSER", "ranger", "on", ">pw", "~*", "+xrange");
  check_shows(trace(database, {"one"}, with(as_role, redis_user("ranger"))), 0,
              {"well signed", "can't be known here", "no right to run XINFO GROUPS", "no right to run TIME"});
  redis.command("ACL", "SETUSER", "grouper", "on", ">pw", "~*", "+xrange", "+time", "+xinfo|groups");
  check_shows(trace(database, {"one"}, redis_user("grouper")), 0,
              {"whether it is pending can't be known here: this login has no right to run XPENDING"});
  redis.command("ACL", "SETUSER", "blind", "on", ">pw", "~*", "+ping");
  check_shows(trace(database, {"one"}, redis_user("blind")), 0,
              {"  state         published\n", "refuses XRANGE: NOPERM"});

  // A server that takes connections, and says nothing.
  PrivateRedis silent;
  silent.pause();
  const auto no_answer = trace(database, {"one", "--redis-timeout", "100ms", "--redis-connect-timeout", "100ms"},
                               {{"REDIS_URL", silent.url()}});
  silent.resume();
  // Each dispatcher may have a Redis of its own: that of the one which takes the row is asked.
  const TempDir folder;
  const auto file = folder.write("outboxd.toml",
                                 "[[dispatcher]]\nname = \"other\"\nstreams = [\"other\"]\n"
                                 "[[dispatcher]]\nname = \"taker\"\n[dispatcher.redis]\nurl = \"" +
                                     silent.url() + "\"\n");
  auto second = silent.probe();
  const auto there = add_entry(second, stream, "one");
  check_shows(
      trace(database, {"one", "--config", file.string()}), 0,
      {"  dispatcher    taker\n", "stream " + stream + " at 127.0.0.1:" + std::to_string(silent.port()) + "/0\n",
       "  entry         " + there});
  check_shows(no_answer, 3, {"  state         published\n", "no answer in time"});
  const auto no_redis = trace(database, {"one"}, {{"REDIS_URL", "redis://127.0.0.1:1"}});
  check_shows(no_redis, 3, {"  state         published\n", "cannot connect to Redis at 127.0.0.1:1"});
  const auto no_postgres = trace(database, {"one", "--stream", stream},
                                 {{"DATABASE_URL", "postgresql://postgres:hidden-word@127.0.0.1:1/app"}});
  check_shows(no_postgres, 3,
              {"no row with the id one was found; some tables could not be searched\n", "  entry         ",
               "well signed", "rows of dispatcher outbox, table event_outbox: "});
  CHECK_FALSE(contains(no_postgres.out + no_postgres.err, "hidden-word"));
  CHECK(trace(database, {"one", "--json"}, {{"DATABASE_URL", "postgresql://127.0.0.1:1/app"}}).status == 3);
}
