// SPDX-License-Identifier: Apache-2.0
// Consumers in other languages read the published entries and check every signature.
#include "support/outbox_table.hpp"
#include "support/signature.hpp"

#include <doctest/doctest.h>

using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::Database;
using outboxd::test::find_program;
using outboxd::test::Finished;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::TempDir;

namespace {

std::filesystem::path project_folder() {
  return OUTBOXD_SOURCE_DIR;
}

/// Payloads of many shapes: text of any kind, numbers of any size, nesting, names that need care.
void insert_events(const Database& database, const std::string& stream, int count) {
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json) SELECT " + literal(stream) + " || '-' || n, " +
      literal(stream) +
      ", jsonb_build_object('event', 'e' || n, 'größe ' || n % 7, repeat('ä😀', n % 11), 'n', n * 1.10,"
      " 'big', 12345678901234567890.50 + n, 'nested', jsonb_build_object('list', jsonb_build_array(n, 'a b', null)),"
      " 'lines', 'a=' || n % 3 || chr(10) || 'two' || chr(10), 'empty', '', 'nothing', null, 'yes', n % 2 = 0)"
      " FROM generate_series(1, " +
      std::to_string(count) + ") AS n");
}

Finished run(const std::vector<std::string>& command) {
  Child child({.command = command, .environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}}});
  const int status = child.wait();
  return {status, child.out(), child.err()};
}

Finished run_perl(const TempDir& folder, const std::string& group, const std::string& stream) {
  return run({find_program("perl"), (project_folder() / "tests/consumers/group_consumer.pl").string(),
              shared_redis().unix_socket().string(), (folder / "key").string(), group, stream});
}

Finished run_python(const TempDir& folder, const std::string& stream) {
  return run({find_program("python3"), (project_folder() / "deploy/verify.py").string(), "--redis",
              "unix:" + shared_redis().unix_socket().string(), "--key-file", (folder / "key").string(), stream});
}

std::string published_stream(const char* topic, int count) {
  const auto database = contract_database();
  auto stream = new_stream(topic);
  insert_events(database, stream, count);
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  return stream;
}

}  // namespace

TEST_CASE("a Perl consumer group and a Python reader find every signature right") {
  const TempDir folder;
  folder.write("key", outboxd::test::test_key() + "\n");
  const auto stream = published_stream("languages", 400);
  const auto perl = run_perl(folder, "group", stream);
  CHECK_MESSAGE(perl.status == 0, perl.out, perl.err);
  CHECK(contains(perl.out, "good 400 bad 0"));
  const auto python = run_python(folder, stream);
  CHECK_MESSAGE(python.status == 0, python.err);
  CHECK(contains(python.out, "400 entries verified, 0 problems"));
  CHECK(!contains(python.out, "name="));
  auto redis = shared_redis().probe();
  CHECK(redis.command("XPENDING", stream, "group").elements.at(0).integer == 0);
}

TEST_CASE("both refuse forged, changed and unsigned entries") {
  const TempDir folder;
  folder.write("key", outboxd::test::test_key() + "\n");
  const auto stream = published_stream("forged", 3);
  auto redis = shared_redis().probe();
  const auto ours = redis.xrange(stream).at(0);
  redis.command("XADD", stream, "*", "outbox_id", "x", "event", "unsigned");
  redis.command("XADD", stream, "*", "outbox_id", "x", "_sig", std::string(64, '0'));
  redis.command("XADD", stream, "*", "outbox_id", ours.at("outbox_id"), "event", "changed", "_sig", ours.at("_sig"));
  const auto perl = run_perl(folder, "group", stream);
  CHECK(perl.status == 1);
  CHECK(contains(perl.out, "good 3 bad 3"));
  const auto python = run_python(folder, stream);
  CHECK(python.status == 1);
  CHECK(contains(python.out, "3 entries verified, 3 problems"));
}

TEST_CASE("both refuse ambiguous names, and report ambiguous values") {
  const TempDir folder;
  folder.write("key", outboxd::test::test_key() + "\n");
  const auto database = contract_database();
  const auto stream = new_stream("ambiguous");
  insert_events(database, stream, 2);
  outboxd::test::insert_row(database, "equals", stream, R"({"a=b": "c"})");
  outboxd::test::insert_row(database, "line-end", stream, R"({"a\nb": "c"})");
  outboxd::test::insert_row(database, "value", stream, R"({"reason": "x\nsession_id=victim"})");
  CHECK(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  const auto perl = run_perl(folder, "group", stream);
  CHECK(perl.status == 1);
  CHECK_MESSAGE(contains(perl.out, "good 2 bad 3"), perl.out);
  const auto python = run_python(folder, stream);
  CHECK(python.status == 1);
  CHECK_MESSAGE(contains(python.out, "3 entries verified, 2 problems"), python.out);
  CHECK(contains(python.out, "A FIELD'S NAME HAS A '=' OR A LINE END"));
  CHECK(contains(python.out, "1 of the verified have a value with a line of the form name="));
}

TEST_CASE("an entry is invalid in another stream, or with another key") {
  const TempDir folder;
  folder.write("key", outboxd::test::test_key() + "\n");
  const auto stream = published_stream("copied", 1);
  auto redis = shared_redis().probe();
  const auto copy = new_stream("copy");
  std::vector<std::string> command{"XADD", copy, "*"};
  const auto entry = redis.xrange(stream).at(0);
  for (const auto& [name, value] : entry.fields) {
    command.push_back(name);
    command.push_back(value);
  }
  CHECK(!redis.send(command).is_error());
  CHECK(run_perl(folder, "group", copy).status == 1);
  CHECK(run_perl(folder, "group", stream).status == 0);
  folder.write("key", std::string(64, 'a') + "\n");
  CHECK(run_perl(folder, "other", stream).status == 1);
  CHECK(run_python(folder, stream).status == 1);
}
