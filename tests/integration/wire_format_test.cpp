// SPDX-License-Identifier: Apache-2.0
// Rows as other software writes them, and the entries in the stream, byte for byte.
#include "support/outbox_table.hpp"
#include "support/signature.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::expected_signature;
using outboxd::test::insert_row;
using outboxd::test::literal;
using outboxd::test::new_stream;
using outboxd::test::once_counts;
using outboxd::test::outboxd_environment;
using outboxd::test::Rows;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::with;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Shape {
  std::string what;
  std::string payload;
  /// The fields between outbox_id and _sig.
  Fields fields;
};

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::vector<Shape> shapes() {
  const auto deep = repeated("[", 1000) + R"({"end":1.10})" + repeated("]", 1000);
  const auto deep_object = repeated(R"({"k":)", 2000) + "null" + repeated("}", 2000);
  const std::string megabyte(1 << 20, 'x');
  return {
      {"a flat object",
       R"({"event":"policy.activated","zone_id":"z-1"})",
       {{"event", "policy.activated"}, {"zone_id", "z-1"}}},
      {"keys in the order of Postgres: short ones first",
       R"({"ccc":1,"bb":2,"a":3,"B":4})",
       {{"B", "4"}, {"a", "3"}, {"bb", "2"}, {"ccc", "1"}}},
      {"new lines, quotes, back slashes, control characters",
       R"({"s":"a\nb\r\"c\" \\ \/ \t \u0001\u001f\u007f"})",
       {{"s", "a\nb\r\"c\" \\ / \t \x01\x1f\x7f"}}},
      {"UTF-8 and escapes of it", R"({"s":"größe 日本 😀 \u00e9 \ud83d\ude00"})", {{"s", "größe 日本 😀 é 😀"}}},
      {"an empty string", R"({"reason":""})", {{"reason", ""}}},
      {"what looks like JSON within a string", R"({"s":"{\"a\": 1}"})", {{"s", R"({"a": 1})"}}},
      {"integers past a double",
       R"({"a":9007199254740993,"b":-9223372036854775808,"c":18446744073709551616})",
       {{"a", "9007199254740993"}, {"b", "-9223372036854775808"}, {"c", "18446744073709551616"}}},
      {"decimals as they were written",
       R"({"a":1.10,"b":123456789012345678901234567890.5,"c":0.00000015,"d":-0.50})",
       {{"a", "1.10"}, {"b", "123456789012345678901234567890.5"}, {"c", "0.00000015"}, {"d", "-0.50"}}},
      {"a number of 400 digits", R"({"n":1e400})", {{"n", "1" + std::string(400, '0')}}},
      {"booleans", R"({"f":false,"t":true})", {{"f", "false"}, {"t", "true"}}},
      {"null is left out", R"({"a":null,"b":"kept"})", {{"b", "kept"}}},
      {"nothing but null", R"({"a":null})", {}},
      {"an empty object", "{}", {}},
      {"nested values, compact",
       R"({"nested":{"n":1.10,"id":"inv-1","a":[1, 2 ,[ ]],"o":{},"z":null,"t":true}})",
       {{"nested", R"({"a":[1,2,[]],"n":1.10,"o":{},"t":true,"z":null,"id":"inv-1"})"}}},
      {"nested strings keep their blanks and escapes",
       R"({"x":["a: b, c","q\" }","\\","\n","ä\u0001"]})",
       {{"x", R"(["a: b, c","q\" }","\\","\n","ä\u0001"])"}}},
      {"nested numbers keep their digits",
       R"({"x":[123456789012345678901234567890.50,1.10,9007199254740993]})",
       {{"x", "[123456789012345678901234567890.50,1.10,9007199254740993]"}}},
      {"an empty array", R"({"a":[]})", {{"a", "[]"}}},
      {"1,000 arrays in each other", R"({"d":)" + deep + "}", {{"d", deep}}},
      {"2,000 objects in each other", R"({"d":)" + deep_object + "}", {{"d", deep_object}}},
      {"a string of a megabyte", R"({"s":")" + megabyte + R"("})", {{"s", megabyte}}},
      {"reserved names are ours", R"({"_sig":"forged","kept":1,"outbox_id":"forged"})", {{"kept", "1"}}},
      {"dedupe_key is reserved in caracal_outbox alone", R"({"dedupe_key":"d-1"})", {{"dedupe_key", "d-1"}}},
      {"names that differ from the reserved ones",
       R"({"_SIG":1,"_sig ":2,"Outbox_id":3})",
       {{"_SIG", "1"}, {"_sig ", "2"}, {"Outbox_id", "3"}}},
      {"names with blanks, new lines, '=', UTF-8 and quotes",
       R"({"a b":1,"a=b":2,"größe":"ä","n\nm":3,"q\"q":4})",
       {{"a b", "1"}, {"a=b", "2"}, {"n\nm", "3"}, {"q\"q", "4"}, {"größe", "ä"}}},
      {"an empty name", R"({"":"nameless"})", {{"", "nameless"}}},
      {"the contract's second vector",
       R"({"session_id":"s-9","reason":"","nested":{"id":"inv-1","n":1.10},"größe":"ä","note":"line1\nline2"})",
       {{"note", "line1\nline2"},
        {"nested", R"({"n":1.10,"id":"inv-1"})"},
        {"reason", ""},
        {"größe", "ä"},
        {"session_id", "s-9"}}},
  };
}

Fields signed_entry(const std::string& stream, const std::string& id, const Fields& payload) {
  Fields fields{{"outbox_id", id}};
  fields.insert(fields.end(), payload.begin(), payload.end());
  fields.emplace_back("_sig", expected_signature(stream, fields));
  return fields;
}

}  // namespace

TEST_CASE("every shape of JSON arrives byte for byte, signed") {
  const auto database = contract_database();
  const auto stream = new_stream("shapes");
  const auto all = shapes();
  for (std::size_t i = 0; i < all.size(); ++i)
    insert_row(database, "row-" + std::to_string(100 + i), stream, all[i].payload);
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  for (const auto& row : database.rows("SELECT id, last_error FROM event_outbox WHERE dispatched_at IS NULL")) {
    FAIL_CHECK(row[0] << " was not published: " << row[1]);
  }
  const auto entries = shared_redis().probe().xrange(stream);
  REQUIRE(entries.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].what);
    // Compared as a bool, so that a failure doesn't print a megabyte.
    const bool same = entries[i].fields == signed_entry(stream, "row-" + std::to_string(100 + i), all[i].fields);
    CHECK(same);
    if (same || all[i].payload.size() > 500) continue;
    for (const auto& [name, value] : entries[i].fields) MESSAGE(name << " = " << value);
  }
}

TEST_CASE("a stream's name is signed as its bytes") {
  const auto database = contract_database();
  const auto stream = new_stream("größe =") + "\"'";
  insert_row(database, "a", stream, R"({"a":1})");
  CHECK(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  const auto entries = shared_redis().probe().xrange(stream);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].fields == signed_entry(stream, "a", {{"a", "1"}}));
}

TEST_CASE("without a key entries are published unsigned, and the log warns") {
  const auto database = contract_database();
  const auto stream = new_stream("unsigned");
  insert_row(database, "a", stream, R"({"a":1,"_sig":"forged"})");
  const auto ended = run_outboxd({"--once"}, with(outboxd_environment(database), {{"STREAMS_HMAC_KEY", ""}}));
  CHECK(ended.status == 0);
  CHECK(outboxd::test::occurrences(ended.err, "go out unsigned") == 1);
  CHECK(shared_redis().probe().xrange(stream).at(0).fields == Fields{{"outbox_id", "a"}, {"a", "1"}});
}

TEST_CASE("a row whose payload isn't an object is dead at once with a reason, and its neighbours are published") {
  const auto database = contract_database();
  const auto stream = new_stream("not-objects");
  const std::vector<std::pair<std::string, std::string>> bad{
      {"[1, 2]", "an array"}, {"\"text\"", "a string"}, {"7", "a number"}, {"true", "a boolean"}, {"null", "null"}};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    insert_row(database, "row-" + std::to_string(i) + "-bad", stream, bad[i].first);
    insert_row(database, "row-" + std::to_string(i) + "-good", stream, R"({"a":1})");
  }
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  const auto counts = once_counts(ended.out);
  CHECK(counts.claimed == 10);
  CHECK(counts.published == 5);
  CHECK(counts.dead == 5);
  CHECK(counts.retried == 0);
  CHECK(shared_redis().probe().xlen(stream) == 5);
  CHECK(count_rows(database, "id LIKE '%good' AND dispatched_at IS NOT NULL") == 5);
  const auto dead = database.rows(
      "SELECT available_at, locked_until, attempts, dispatched_at, last_error FROM event_outbox WHERE id LIKE '%bad'"
      " ORDER BY id");
  REQUIRE(dead.size() == bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CHECK(Rows{{dead[i].begin(), dead[i].begin() + 4}} == Rows{{"infinity", "NULL", "1", "NULL"}});
    CHECK(dead[i][4].find(bad[i].second) != std::string::npos);
    CHECK(dead[i][4].find("object") != std::string::npos);
  }
  CHECK(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  CHECK(count_rows(database, "id LIKE '%bad' AND attempts <> 1") == 0);
}

TEST_CASE("rows without a stream name or with a payload that is too large are dead with a reason") {
  const auto database = contract_database();
  const auto stream = new_stream("unpublishable");
  insert_row(database, "large", stream, R"({"s":")" + std::string(3000, 'x') + R"("})");
  insert_row(database, "nameless", "", "{}");
  insert_row(database, "good", stream, "{}");
  const auto ended = run_outboxd({"--once", "--max-payload-bytes", "2KiB"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  CHECK(once_counts(ended.out).dead == 2);
  CHECK(shared_redis().probe().xlen(stream) == 1);
  CHECK(count_rows(database, "id = 'large' AND available_at = 'infinity' AND last_error LIKE '%2048%'") == 1);
  CHECK(count_rows(database, "id = 'nameless' AND available_at = 'infinity' AND last_error LIKE '%stream name%'") ==
        1);
}

TEST_CASE("dropped reserved fields are logged once") {
  const auto database = contract_database();
  const auto stream = new_stream("reserved");
  for (int i = 0; i < 50; ++i)
    insert_row(database, "row-" + std::to_string(i), stream, R"({"outbox_id":1,"_sig":2})");
  const auto ended = run_outboxd({"--once"}, outboxd_environment(database));
  CHECK(ended.status == 0);
  CHECK(outboxd::test::occurrences(ended.err, "reserved name") == 1);
}

TEST_CASE("the columns of a published row") {
  const auto database = contract_database();
  const auto stream = new_stream("columns");
  database.exec(
      "INSERT INTO event_outbox (id, stream_name, payload_json, attempts, available_at, last_error, request_id,"
      " created_at) VALUES ('a', " +
      literal(stream) + ", '{}', 3, '2026-01-02 03:04:05+00', 'an old failure', 'req-1', '2026-01-01 00:00:00+00')");
  const auto before = database.scalar("SELECT now()");
  CHECK(run_outboxd({"--once"}, outboxd_environment(database)).status == 0);
  CHECK(database.rows("SELECT attempts, available_at = '2026-01-02 03:04:05+00', locked_until, locked_by IS NOT NULL,"
                      " last_error, request_id, created_at = '2026-01-01 00:00:00+00', stream_name = " +
                      literal(stream) + ", payload_json, dispatched_at BETWEEN " + literal(before) +
                      " AND now() FROM event_outbox") ==
        Rows{{"4", "t", "NULL", "t", "NULL", "req-1", "t", "t", "{}", "t"}});
}
