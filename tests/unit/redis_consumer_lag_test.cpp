// SPDX-License-Identifier: Apache-2.0
// The lag of consumer groups in the answers of each version of Redis, and warnings of unread entries that are
// trimmed.
#include "redis/consumer_lag.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace outboxd::redis {
namespace {

Value text(std::string words) {
  Value value;
  value.kind = Value::Kind::string;
  value.text = std::move(words);
  return value;
}

Value number(long long count) {
  Value value;
  value.kind = Value::Kind::integer;
  value.number = count;
  return value;
}

Value list(std::vector<Value> items) {
  Value value;
  value.kind = Value::Kind::array;
  value.items = std::move(items);
  return value;
}

/// A group in the answer of Redis before 7.
Value old_group(const std::string& name, const std::string& last) {
  return list({text("name"), text(name), text("consumers"), number(1), text("pending"), number(0),
               text("last-delivered-id"), text(last)});
}

Value group(const std::string& name, const std::string& last, const Value& lag) {
  auto value = old_group(name, last);
  for (auto& item : std::vector<Value>{text("entries-read"), number(3), text("lag"), lag})
    value.items.push_back(item);
  return value;
}

std::string warning(std::uint64_t length, const std::vector<Group>& groups, Bound bound) {
  return trim_warning("s", length, groups, bound, "r:1/0").value_or("");
}

}  // namespace

TEST_CASE("groups are read from the answers of each version; a refusal has no groups") {
  const auto groups =
      read_groups(list({group("a", "5-0", number(7)), group("b", "5-0", Value{}), old_group("c", "0-0")}));
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].name == "a");
  CHECK(groups[0].lag == 7);
  CHECK(!groups[1].lag);
  CHECK(groups[2].last_delivered_id == "0-0");
  CHECK(read_groups(Value{}).empty());
  auto refused = text("NOPERM this user has no permissions to run the 'xinfo|groups' command");
  refused.kind = Value::Kind::error;
  CHECK(read_groups(refused).empty());
  CHECK(needs_ids(groups));
  CHECK(!needs_ids({groups[0], groups[2]}));
}

TEST_CASE("without a lag, ids show whether a group has read all entries or none") {
  const auto entry = [](const std::string& id) { return list({text(id), list({text("a"), text("b")})}); };
  const auto info = read_stream_info(list({text("length"), number(10), text("last-generated-id"), text("19-0"),
                                           text("first-entry"), entry("10-0"), text("last-entry"), entry("19-0")}));
  REQUIRE(info);
  auto groups = read_groups(list({old_group("all", "19-0"), old_group("gone", "9-5"), old_group("some", "12-0")}));
  infer_lag(*info, groups, false);
  CHECK(groups[0].lag == 0);
  CHECK(groups[1].lag == 10);
  CHECK(!groups[2].lag);
  CHECK(needs_ids(groups));
  CHECK(!read_stream_info(Value{}));
}

TEST_CASE("a lag of Redis' own is an upper bound, unless ids and counters prove one") {
  const StreamInfo info{.length = 10,
                        .first = EntryId{.milliseconds = 10, .sequence = 0},
                        .last = EntryId{.milliseconds = 19, .sequence = 0},
                        .entries_added = 19,
                        .max_deleted = EntryId{}};
  std::vector<Group> groups{{.name = "behind", .last_delivered_id = "5-0", .lag = 12, .entries_read = 5},
                            {.name = "mid", .last_delivered_id = "12-0", .lag = 9, .entries_read = 10}};
  infer_lag(info, groups, false);
  CHECK(groups[0].lag == 10);
  CHECK(warning(10, groups, {.maxlen = 5}).find("not read: behind 6, mid up to 5;") != std::string::npos);
  infer_lag(info, groups, true);
  CHECK(groups[1].lag == 9);
  CHECK(warning(10, groups, {.maxlen = 5}).find("not read: behind 6, mid 5;") != std::string::npos);
}

TEST_CASE("the warning names each group and how many of its unread entries are trimmed") {
  const Group behind{"behind", "1-0", 23'400};
  const Group ahead{"ahead", "9-0", 100};
  CHECK(
      warning(23'400, {behind, ahead}, {.maxlen = 500}) ==
      "stream s at Redis r:1/0 has 23400 entries, and its bound is 500: the next XADD trims about 22901 of them, and "
      "with them entries that groups have not read: behind up to 22901; raise the bound (dispatcher.stream_maxlen), "
      "or "
      "have them read first");
  CHECK(warning(10, {{"g", "1-0", 8}}, {.maxlen = 5, .exact = true}).find("trims 6 of them") != std::string::npos);
  CHECK(warning(10, {{"g", "1-0", 8}}, {.maxlen = 5}).find("not read: g up to 4;") != std::string::npos);
  CHECK(warning(10, {{"g", "1-0", {}}}, {.maxlen = 5}).find("g up to 6 (Redis doesn't report") != std::string::npos);
  CHECK(warning(10, {{"g", "0-0", {}}}, {.maxlen = 5}).find("g 6;") != std::string::npos);
  // Some versions also count deleted entries.
  CHECK(warning(10, {{"g", "1-0", 99}}, {.maxlen = 5}).find("g up to 6;") != std::string::npos);
}

TEST_CASE("there is no warning if no unread entry is trimmed") {
  CHECK(warning(499, {{"g", "0-0", {}}}, {.maxlen = 500}).empty());
  CHECK(warning(500, {{"g", "0-0", {}}}, {.maxlen = 500}).find("g 1;") != std::string::npos);
  CHECK(warning(1000, {}, {.maxlen = 500}).empty());
  CHECK(warning(1000, {{"g", "1-0", 0}, {"h", "1-0", 499}}, {.maxlen = 500}).empty());
}

TEST_CASE("long names are shortened, and at most ten groups are named") {
  std::vector<Group> groups;
  for (int i = 0; i < 15; ++i) groups.push_back({std::string(500, 'g'), "0-0", {}});
  const auto said = warning(10, groups, {.maxlen = 1});
  CHECK(said.find(", and 5 more groups") != std::string::npos);
  CHECK(said.size() < 1'800);
}

}  // namespace outboxd::redis
