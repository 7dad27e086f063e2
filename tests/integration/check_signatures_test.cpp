// SPDX-License-Identifier: Apache-2.0
// `outboxd streams check-signatures` and signing.strict, on a real Redis.
#include "support/outbox_table.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::Environment;
using outboxd::test::expected_signature;
using outboxd::test::find_program;
using outboxd::test::Finished;
using outboxd::test::insert_row;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::RedisProbe;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::test_key;
using outboxd::test::wait_until;
using outboxd::test::with;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const std::string kOldKey(64, 'd');

Environment environment() {
  return {{"REDIS_URL", shared_redis().url()}, {"STREAMS_HMAC_KEY", test_key()}};
}

std::string add(RedisProbe& redis, const std::string& stream, const Fields& fields) {
  std::vector<std::string> command{"XADD", stream, "*"};
  for (const auto& [name, value] : fields) command.insert(command.end(), {name, value});
  return redis.send(command).text;
}

/// Adds an entry that is signed for this stream, or for another one.
std::string add_signed(RedisProbe& redis, const std::string& stream, Fields fields,
                       const std::string& key = test_key(), const std::string& signed_for = "") {
  fields.emplace_back("_sig", expected_signature(signed_for.empty() ? stream : signed_for, fields, key));
  return add(redis, stream, fields);
}

Finished check(std::vector<std::string> arguments, const Environment& variables = environment()) {
  arguments.insert(arguments.begin(), {"streams", "check-signatures"});
  return run_outboxd(arguments, variables);
}

}  // namespace

TEST_CASE(
    "check-signatures counts well signed, wrong and unsigned entries, with ranges, reasons and an exit status") {
  auto redis = shared_redis().probe();
  const auto stream = new_stream("checked");
  const auto first = add_signed(redis, stream, {{"outbox_id", "1"}, {"größe\n=", "ä=\n"}});
  const auto second = add_signed(redis, stream, {{"outbox_id", "2"}});
  auto result = check({stream});
  CHECK_MESSAGE(result.status == 0, result.out, result.err);
  CHECK(contains(result.out, stream + " at 127.0.0.1:"));
  CHECK(contains(result.out, ": 2 entries, " + first + " to " + second + "\n"));

  const auto foreign = add_signed(redis, stream, {{"outbox_id", "3"}}, test_key(), "caracal.sessions.revoke");
  const auto named = add_signed(redis, stream, {{"outbox_id", "4"}}, test_key(), "other");
  auto fields = Fields{{"outbox_id", "5"}};
  fields.emplace_back("_sig", expected_signature(stream, fields));
  fields.emplace_back("evil\x1b[31m", "secret-value");
  const auto added = add(redis, stream, fields);
  const auto unsigned_entry = add(redis, stream, {{"outbox_id", "6"}});
  result = check({stream, "--other-stream", "other"});
  CHECK(result.status == 1);
  CHECK(contains(result.out, foreign + "  WRONG  it was signed for stream \"caracal.sessions.revoke\" with key "));
  CHECK(contains(result.out, named + "  WRONG  it was signed for stream \"other\" with key "));
  CHECK(contains(result.out, added + "  WRONG  field \"evil\\x1b[31m\" was added"));
  CHECK(contains(result.out, unsigned_entry + "  UNSIGNED  it has no _sig"));
  CHECK(!contains(result.out, "secret-value"));
  CHECK(!contains(result.out + result.err, test_key()));
  CHECK(contains(check({stream, "--list", "1"}).out, "3 entries with a fault not listed (--list)"));

  CHECK(check({stream, "--to", second}).status == 0);
  CHECK(check({stream, "--count", "2"}).status == 0);
  CHECK(contains(check({stream, "--from", "(" + first, "--count", "1", "--json"}).out,
                 R"("entries":1,"well_signed":1)"));
  CHECK(contains(check({stream, "--from", "2100-01-01T00:00:00Z"}).out, ": 0 entries\n"));
  CHECK(contains(check({stream, "--json"}).out,
                 R"("entries":6,"well_signed":2,"wrong":3,"unsigned":1,"with_sig2":0,"ambiguous":1)"));
}

TEST_CASE("check-signatures can't look: no stream, no group, a key of another type, no right, no key, no server") {
  auto redis = shared_redis().probe();
  const auto stream = new_stream("unreadable");
  const TempDir folder;
  const auto refused = [&](std::vector<std::string> arguments, const std::string& reason,
                           const Environment& variables = environment()) {
    CAPTURE(reason);
    const auto result = check(std::move(arguments), variables);
    CHECK(result.status == 2);
    CHECK_MESSAGE(contains(result.err, reason), result.err);
    CHECK(result.out.empty());
  };
  refused({stream}, "there is no stream " + stream);
  redis.command("SET", stream, "x");
  refused({stream}, "the key " + stream + " at " + "127.0.0.1:");
  redis.command("DEL", stream);
  add_signed(redis, stream, {{"outbox_id", "1"}});
  refused({stream, "--unread", "g"}, "has no group g, nor any other");
  redis.command("XGROUP", "CREATE", stream, "other", "0");
  refused({stream, "--unread", "g"}, "has no group g; there is other");
  redis.command("ACL", "SETUSER", "blind", "on", ">pw", "~*", "+exists");
  auto variables = with(
      environment(), {{"REDIS_URL", "redis://blind:pw@127.0.0.1:" + std::to_string(shared_redis().port()) + "/0"}});
  refused({stream}, "refuses XRANGE: NOPERM", variables);
  // Exactly the rights of the help.
  redis.command("ACL", "SETUSER", "reader", "on", ">pw", "~" + stream, "+xrange", "+exists", "+xpending",
                "+xinfo|groups");
  variables["REDIS_URL"] = "redis://reader:pw@127.0.0.1:" + std::to_string(shared_redis().port()) + "/0";
  CHECK(check({stream}, variables).status == 0);
  CHECK(check({stream, "--unread", "other"}, variables).status == 0);
  refused({stream}, "no key to check with: name a file", with(environment(), {{"STREAMS_HMAC_KEY", ""}}));
  const auto file = (folder / "key").string();
  refused({stream, "--key-file", file}, "--key-file: can't read " + file);
  folder.write("key", "abc");
  refused({stream, "--key-file", file}, "the key has an odd number of hex digits");
  folder.write("key", test_key());
  folder.write("same", test_key() + "\n");
  refused({stream, "--key-file", file, "--key-file", (folder / "same").string()}, "hold the same key");
  refused({stream}, "cannot connect to Redis at 127.0.0.1:1",
          with(environment(), {{"REDIS_URL", "redis://127.0.0.1:1"}}));
  outboxd::test::PrivateRedis silent;
  silent.pause();
  refused({stream, "--redis-timeout", "100ms", "--redis-connect-timeout", "100ms"}, "no answer in time",
          with(environment(), {{"REDIS_URL", silent.url()}}));
  silent.resume();
  refused({stream, "--from", "yesterday"}, "is neither an entry id");
  refused({stream, "--unread", "g", "--follow"}, "--unread goes without");
  refused({stream, "--unread", "g", "--count", "1"}, "--unread goes without --count");
}

TEST_CASE("the end of a rotation: which keys signed what a group has not acknowledged") {
  auto redis = shared_redis().probe();
  const auto stream = new_stream("rotation");
  const TempDir folder;
  folder.write("old", kOldKey);
  folder.write("new", test_key());
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(add_signed(redis, stream, {{"outbox_id", std::to_string(i)}}, i < 4 ? kOldKey : test_key()));
  }
  redis.command("XGROUP", "CREATE", stream, "g", "0");
  redis.command("XREADGROUP", "GROUP", "g", "c", "COUNT", "5", "STREAMS", stream, ">");
  redis.command("XACK", stream, "g", ids[0], ids[1]);
  redis.command("XDEL", stream, ids[2]);
  const auto unread = [&] {
    return check({stream, "--unread", "g", "--json", "--key-file", (folder / "new").string(), "--key-file",
                  (folder / "old").string()});
  };
  auto result = unread();
  CHECK_MESSAGE(result.status == 0, result.out, result.err);
  CHECK_MESSAGE(contains(result.out, R"("entries":3,"well_signed":3)"), result.out);
  CHECK(contains(result.out, R"("entries":2},{"file":")"));
  CHECK(contains(result.out, R"("entries":1}],)"));
  CHECK(contains(result.out, R"("unread":{"group":"g","pending":3,"gone":1})"));
  redis.command("XACK", stream, "g", ids[3]);
  result = unread();
  CHECK(contains(result.out, R"("entries":2,"well_signed":2)"));
  CHECK(contains(result.out, R"("entries":0}],)"));
  result = check({stream, "--unread", "g", "--key-file", (folder / "new").string()});
  CHECK(contains(result.out, "group g still needs it for 2 entries"));
  // Over the whole stream both keys are counted.
  result = check({stream, "--key-file", (folder / "new").string(), "--key-file", (folder / "old").string()});
  CHECK(result.status == 0);
  CHECK(contains(result.out, "5 entries"));
}

TEST_CASE("check-signatures reads large entries and many of them within a bounded memory") {
  auto redis = shared_redis().probe();
  const auto stream = new_stream("large");
  // 5,000 small ones, so that pages are long when the large ones come.
  redis.command("EVAL",
                "for i = 1, 5000 do redis.call('XADD', KEYS[1], '*', 'n', i) end "
                "local v = string.rep('x', 7340032) for i = 1, 10 do redis.call('XADD', KEYS[1], '*', 'v', v) end",
                "1", stream);
  // Pending entries without their delivery.
  redis.command("XGROUP", "CREATE", stream, "g", "$");
  redis.command("EVAL",
                "for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do "
                "redis.call('XCLAIM', KEYS[1], 'g', 'c', '0', entry[1], 'FORCE', 'JUSTID') end",
                "1", stream);
  for (const std::vector<std::string>& range : {std::vector<std::string>{}, {"--unread", "g"}}) {
    std::vector<std::string> arguments{"streams", "check-signatures", stream, "--json", "--list", "0"};
    arguments.insert(arguments.end(), range.begin(), range.end());
    const auto child = start_outboxd(arguments, environment());
    CHECK(child->wait() == 1);
    CHECK_MESSAGE(contains(child->out(), R"("entries":5010,"well_signed":0,"wrong":0,"unsigned":5010)"),
                  child->out());
    if (!outboxd::test::outboxd_is_sanitized()) CHECK(child->usage().most_resident_bytes < 256LL << 20);
  }
  redis.command("DEL", stream);
  // One that is larger than an entry of the configured dispatchers can be.
  add_signed(redis, stream, {{"outbox_id", "1"}});
  redis.command("EVAL", "redis.call('XADD', KEYS[1], '*', 'v', string.rep('x', 65 * 1048576))", "1", stream);
  const auto result = check({stream, "--json"});
  CHECK(result.status == 2);
  CHECK(contains(result.out, R"("entries":1,"well_signed":1)"));
  CHECK(contains(result.out, R"("complete":false)"));
  CHECK(contains(result.err, "is larger than 64 MiB or has more than 500,000 fields, and so was not checked"));
  redis.command("DEL", stream);
}

TEST_CASE("--follow reports entries as they come, and ends with the counts at Ctrl-C") {
  auto redis = shared_redis().probe();
  const auto stream = new_stream("followed");
  add_signed(redis, stream, {{"outbox_id", "1"}});
  const auto child = start_outboxd({"streams", "check-signatures", stream, "--follow"}, environment());
  const auto bad = add(redis, stream, {{"outbox_id", "2"}});
  wait_until([&] { return contains(child->out(), bad + "  UNSIGNED"); });
  const auto later = add(redis, stream, {{"outbox_id", "3"}});
  wait_until([&] { return contains(child->out(), later + "  UNSIGNED"); });
  child->signal(SIGINT);
  CHECK(child->wait() == 1);
  CHECK(contains(child->out(), ": 3 entries"));
}

TEST_CASE("signing.strict: entries carry _sig2, and the library's, the command's and Python's verdicts agree") {
  auto redis = shared_redis().probe();
  const auto database = contract_database();
  const auto stream = new_stream("strict");
  const TempDir folder;
  folder.write("key", test_key() + "\n");
  folder.write("outboxd.toml", "[signing]\nstrict = true\n");
  const auto variables =
      with(outboxd_environment(database), {{"OUTBOXD_CONFIG", (folder / "outboxd.toml").string()}});
  insert_row(database, "r-1", stream, R"({"_sig2": "theirs", "größe": "ä\nb=c", "a=b": {"n": 1.10}})");
  insert_row(database, "r-2", stream, R"({"n": 9007199254740993})");
  const auto published = run_outboxd({"--once"}, variables);
  CHECK_MESSAGE(published.status == 0, published.err);
  CHECK(contains(published.err, "with signing.strict also _sig2): dropped"));
  const auto python = [&](const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{find_program("python3"),
                                     OUTBOXD_SOURCE_DIR "/deploy/verify.py",
                                     "--redis",
                                     "unix:" + shared_redis().unix_socket().string(),
                                     "--key-file",
                                     (folder / "key").string(),
                                     "--sig2",
                                     name};
    command.insert(command.end(), more.begin(), more.end());
    Child child({.command = command, .environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}}});
    const int status = child.wait();
    return Finished{status, child.out(), child.err()};
  };
  const auto good = check({stream, "--strict", "--json"});
  CHECK_MESSAGE(good.status == 0, good.out);
  CHECK(contains(good.out, R"("well_signed":2,"wrong":0,"unsigned":0,"with_sig2":2,"ambiguous":0)"));
  const auto verified = python(stream);
  CHECK_MESSAGE(verified.status == 0, verified.out, verified.err);
  CHECK(contains(verified.out, "2 entries verified, 0 problems"));

  // Each change that `_sig` alone doesn't notice, and one that it does.
  const auto entry = redis.xrange(stream).at(0);
  const auto changed = [&](auto change) {
    auto fields = entry.fields;
    change(fields);
    const auto copy = new_stream("changed");
    redis.command("RENAME", stream, copy);
    redis.command("DEL", stream);
    add(redis, stream, fields);
    const auto ours = check({stream, "--json"});
    CHECK_MESSAGE(ours.status == 1, ours.out);
    const auto theirs = python(stream);
    CHECK_MESSAGE(theirs.status == 1, theirs.out, theirs.err);
    redis.command("RENAME", copy, stream);
    return ours.out;
  };
  CHECK(contains(changed([](Fields& fields) { std::swap(fields[0], fields[1]); }), R"("reason":"sig2_wrong")"));
  CHECK(contains(changed([](Fields& fields) {
                   for (auto& [name, value] : fields) {
                     if (name == "a=b") name = "a", value = "b=" + value;
                   }
                 }),
                 R"("reason":"sig2_wrong")"));
  CHECK(contains(changed([](Fields& fields) { fields[0].second = "other"; }), R"("reason":"fields_changed")"));
  CHECK(contains(changed([](Fields& fields) { fields.back().second = std::string(64, '0'); }),
                 R"("reason":"signature_changed")"));

  // A copy that is added later is right, but late.
  std::vector<std::string> command{"XADD", stream, "9999999999999-0"};
  for (const auto& [name, value] : entry.fields) command.insert(command.end(), {name, value});
  redis.send(command);
  CHECK(contains(check({stream, "--json"}).out, R"("reason":"sig2_late")"));
  const auto copied = python(stream);
  CHECK(copied.status == 1);
  CHECK_MESSAGE(contains(copied.out, "ITS OUTBOX_ID WAS THERE BEFORE: A COPY"), copied.out);
  // Ids never go back, so that genuine entries are late from then on: their outbox_id decides.
  redis.command("XDEL", stream, "9999999999999-0");
  insert_row(database, "r-3", stream, R"({"n": 1})");
  CHECK(run_outboxd({"--once"}, variables).status == 0);
  const auto late = python(stream);
  CHECK_MESSAGE(late.status == 0, late.out, late.err);
  CHECK_MESSAGE(contains(late.out, "BUT ADDED LONG AFTER IT WAS SIGNED"), late.out);
}
