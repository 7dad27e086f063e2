// SPDX-License-Identifier: Apache-2.0
// From a server's answers to the series of the metrics page.
#include "stream_metrics/page.hpp"
#include "stream_metrics/sampler.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <sstream>
#include <string>
#include <utility>

namespace outboxd::stream_metrics {
namespace {

using redis::Value;
using std::chrono::seconds;

Value text(const std::string& words, Value::Kind kind = Value::Kind::string) {
  Value value;
  value.kind = kind;
  value.text = words;
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
Value entry(const std::string& id) {
  return list({text(id), list({text("field"), text("value")})});
}
Value error(const std::string& words) {
  return text(words, Value::Kind::error);
}

const Value kNoRight = error("NOPERM User u has no permissions to run this command");

/// 100 entries of 1,000 that were ever added; nothing was deleted.
Value info() {
  return list({text("length"), number(100), text("last-generated-id"), text("1700000001000-0"),
               text("max-deleted-entry-id"), text("0-0"), text("entries-added"), number(1'000), text("first-entry"),
               entry("1700000000901-0"), text("last-entry"), entry("1700000001000-0")});
}
Value group(const std::string& name, const std::string& position, Value entries_read, long long pending) {
  return list({text("name"), text(name), text("consumers"), number(2), text("pending"), number(pending),
               text("last-delivered-id"), text(position), text("entries-read"), std::move(entries_read), text("lag"),
               number(7)});
}

std::vector<Value> answers(Value groups, Value about = info(), Value memory = number(5'000)) {
  return {text("stream", Value::Kind::status), number(100), std::move(groups), std::move(about), std::move(memory)};
}

streams::Wanted wanted(const std::string& name, std::vector<std::string> groups = {}) {
  streams::Wanted stream{.name = name, .cut_to = redis::Bound{.maxlen = 90}};
  for (auto& declared : groups) stream.declared.groups.push_back({.name = std::move(declared)});
  return stream;
}

StreamSample sampled(const streams::Wanted& stream, const std::vector<Value>& got, bool exact = true) {
  StreamHistory history;
  return sample_of(stream, read_answers(stream.name, got), history, exact);
}

/// The page of one server with these streams, as a sample of this age.
std::string page_of(std::vector<StreamSample> streams, seconds age = seconds{0}, ServerFigures server = {}) {
  Sampled shown{.redis = "r:1/0", .dispatchers = {"a", "b"}, .most_age = seconds{45}};
  shown.latest.streams = std::move(streams);
  shown.latest.server = std::move(server);
  const TimePoint now{seconds{1'000'000}};
  shown.taken = now - age;
  shown.taken_at = std::chrono::system_clock::time_point{seconds{1'700'000'123}};
  shown.took = std::chrono::milliseconds{250};
  shown.failures = 3;
  return text_of({shown}, now);
}

/// The value of a series; "absent" where there is none.
std::string value_in(const std::string& page, const std::string& series) {
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
  }
  return "absent";
}

const std::string kStream = R"({redis="r:1/0",stream="s"})";
std::string of_group(const std::string& name, const std::string& reason = "") {
  const auto more = reason.empty() ? "" : R"(,reason=")" + reason + "\"";
  return R"({redis="r:1/0",stream="s",group=")" + name + "\"" + more + "}";
}

}  // namespace

TEST_CASE("stream metrics: what the answers prove becomes series, and what they don't is NaN with its reason") {
  struct Row {
    const char* what;
    std::vector<Value> got;
    bool exact;
    const char* lag;
    const char* lag_unknown;
    const char* at_risk;
    const char* trimmed;
    const char* trimmed_unknown;
  };
  const auto of = [](const std::string& position, Value read) {
    return answers(list({group("g", position, std::move(read), 0)}));
  };
  auto deleted = of("1700000000950-0", number(950));
  deleted[3].items[5] = text("1700000000970-0");
  for (const auto& row : {
           Row{"read all", of("1700000001000-0", number(1'000)), true, "0", "", "0", "0", ""},
           Row{"in between", of("1700000000950-0", number(950)), true, "50", "", "0", "0", ""},
           Row{"next to the end", of("1700000000901-0", number(901)), true, "99", "", "10", "0", ""},
           Row{"beyond the end", of("1700000000880-0", number(880)), true, "100", "", "11", "20", ""},
           Row{"an old server", of("1700000000950-0", number(950)), false, "Nan", "old_counters", "Nan", "0", ""},
           Row{"beyond the end of an old one", of("1700000000880-0", number(880)), false, "100", "", "11", "Nan",
               "old_counters"},
           Row{"deleted entries ahead", deleted, true, "Nan", "deleted_ahead", "Nan", "0", ""},
           Row{"placed by hand", of("1700000000950-0", Value{}), true, "Nan", "position_set", "Nan", "0", ""},
           Row{"no right to XINFO STREAM", answers(list({group("g", "1-0", number(1), 0)}), kNoRight), true, "Nan",
               "forbidden", "Nan", "Nan", "forbidden"},
           Row{"no right to XINFO GROUPS", answers(kNoRight), true, "Nan", "forbidden", "Nan", "Nan", "forbidden"},
           Row{"no such command", answers(error("ERR unknown command 'XINFO'")), true, "Nan", "unsupported", "Nan",
               "Nan", "unsupported"},
           Row{"no such group", answers(list({})), true, "Nan", "no_such_group", "Nan", "Nan", "no_such_group"},
       }) {
    CAPTURE(row.what);
    const auto page = page_of({sampled(wanted("s", {"g"}), row.got, row.exact)});
    CHECK(value_in(page, "outboxd_stream_group_lag" + of_group("g")) == row.lag);
    const std::string why = row.lag_unknown;
    CHECK((page.find("outboxd_stream_group_lag_unknown{") == std::string::npos) == why.empty());
    if (!why.empty()) CHECK(value_in(page, "outboxd_stream_group_lag_unknown" + of_group("g", why)) == "1");
    CHECK(value_in(page, "outboxd_stream_group_at_risk" + of_group("g")) == row.at_risk);
    CHECK(value_in(page, "outboxd_stream_group_trimmed_unread" + of_group("g")) == row.trimmed);
    const std::string why_trimmed = row.trimmed_unknown;
    if (!why_trimmed.empty()) {
      CHECK(value_in(page, "outboxd_stream_group_trimmed_unread_unknown" + of_group("g", why_trimmed)) == "1");
    }
    // A counter begins at 0, so that increase() misses nothing.
    CHECK(value_in(page, "outboxd_stream_group_lost_entries_total" + of_group("g")) == "0");
  }
}

TEST_CASE("stream metrics: the stream's own figures, and those of its kind of key") {
  auto dead_letters = wanted("s");
  dead_letters.declared.dead_letter = true;
  const auto page = page_of({sampled(dead_letters, answers(list({})))});
  CHECK(value_in(page, "outboxd_stream_entries" + kStream) == "100");
  CHECK(value_in(page, "outboxd_stream_bound_entries" + kStream) == "90");
  CHECK(value_in(page, "outboxd_stream_entries_added_total" + kStream) == "1000");
  CHECK(value_in(page, "outboxd_stream_memory_bytes" + kStream) == "5000");
  CHECK(value_in(page, "outboxd_stream_last_id_timestamp_seconds" + kStream) == "1700000001");
  CHECK(value_in(page, "outboxd_stream_went_back_total" + kStream) == "0");
  CHECK(value_in(page, "outboxd_stream_dead_letters" + kStream) == "100");
  CHECK(page.find("outboxd_stream_unknown{") == std::string::npos);

  const auto no_memory = page_of({sampled(wanted("s"), answers(list({}), info(), kNoRight))});
  CHECK(value_in(no_memory, "outboxd_stream_memory_bytes" + kStream) == "Nan");
  CHECK(no_memory.find("outboxd_stream_dead_letters{") == std::string::npos);

  const auto gone = error("ERR no such key");
  const auto missing =
      page_of({sampled(wanted("s", {"g"}), {text("none", Value::Kind::status), number(0), gone, gone, Value{}})});
  CHECK(value_in(missing, "outboxd_stream_entries" + kStream) == "0");
  CHECK(value_in(missing, R"(outboxd_stream_unknown{redis="r:1/0",stream="s",reason="no_such_stream"})") == "1");
  CHECK(value_in(missing, "outboxd_stream_group_lag_unknown" + of_group("g", "no_such_stream")) == "1");

  const auto wrong = error("WRONGTYPE Operation against a key holding the wrong kind of value");
  const auto other_type =
      page_of({sampled(wanted("s", {"g"}), {text("string", Value::Kind::status), wrong, wrong, wrong, number(50)})});
  CHECK(value_in(other_type, "outboxd_stream_entries" + kStream) == "Nan");
  CHECK(value_in(other_type, "outboxd_stream_entries_added_total" + kStream) == "absent");
  CHECK(value_in(other_type, R"(outboxd_stream_unknown{redis="r:1/0",stream="s",reason="wrong_type"})") == "1");
  CHECK(value_in(other_type, "outboxd_stream_group_lag_unknown" + of_group("g", "wrong_type")) == "1");
}

TEST_CASE("stream metrics: pending entries, and for how long the oldest has been idle") {
  struct Row {
    long long pending;
    std::optional<redis::PendingEntry> oldest;
    const char* idle;
  };
  for (const auto& row : {
           Row{0, {}, "0"},
           Row{3, redis::PendingEntry{.id = {1, 0}, .idle = std::chrono::milliseconds{2'500}}, "2.5"},
           // Released, or not to be seen.
           Row{3, redis::PendingEntry{.id = {1, 0}}, "Nan"},
           Row{3, {}, "Nan"},
       }) {
    auto got = read_answers("s", answers(list({group("g", "1700000000950-0", number(950), row.pending)})));
    got.seen.groups->front().oldest_pending = row.oldest;
    StreamHistory history;
    const auto page = page_of({sample_of(wanted("s"), got, history, true)});
    CHECK(value_in(page, "outboxd_stream_group_pending" + of_group("g")) == std::to_string(row.pending));
    CHECK(value_in(page, "outboxd_stream_group_consumers" + of_group("g")) == "2");
    CHECK(value_in(page, "outboxd_stream_group_oldest_pending_idle_seconds" + of_group("g")) == row.idle);
  }
  CHECK(pending_command("s", "g") == Command{"XPENDING", "s", "g", "-", "+", "1"});
}

TEST_CASE("stream metrics: a sample that is too old is not shown as a fresh one; totals stay") {
  auto stream = sampled(wanted("s"), answers(list({group("g", "1700000000950-0", number(950), 0)})));
  stream.groups.front().lost_total = 12;
  stream.went_back = 1;
  const ServerFigures server{.used_memory = 10, .max_memory = 20, .role = "master"};
  const auto fresh = page_of({stream}, seconds{45}, server);
  CHECK(value_in(fresh, "outboxd_stream_group_lag" + of_group("g")) == "50");
  CHECK(value_in(fresh, R"(outboxd_redis_memory_used_bytes{redis="r:1/0"})") == "10");
  CHECK(value_in(fresh, R"(outboxd_streams_sample_timestamp_seconds{redis="r:1/0"})") == "1700000123");
  CHECK(value_in(fresh, R"(outboxd_streams_sample_seconds{redis="r:1/0"})") == "0.25");
  const auto stale = page_of({stream}, seconds{46}, server);
  for (const auto* name :
       {"lag", "at_risk", "trimmed_unread", "pending", "consumers", "oldest_pending_idle_seconds"}) {
    CHECK_MESSAGE(value_in(stale, "outboxd_stream_group_" + std::string{name} + of_group("g")) == "Nan", name);
  }
  CHECK(value_in(stale, "outboxd_stream_group_lag_unknown" + of_group("g", "stale")) == "1");
  CHECK(value_in(stale, "outboxd_stream_group_lost_entries_total" + of_group("g")) == "12");
  CHECK(value_in(stale, "outboxd_stream_went_back_total" + kStream) == "1");
  CHECK(value_in(stale, "outboxd_stream_entries" + kStream) == "Nan");
  CHECK(value_in(stale, "outboxd_stream_entries_added_total" + kStream) == "absent");
  CHECK(value_in(stale, R"(outboxd_stream_unknown{redis="r:1/0",stream="s",reason="stale"})") == "1");
  for (const auto* name : {"outboxd_redis_memory_used_bytes", "outboxd_redis_memory_limit_bytes",
                           "outboxd_redis_connected_replicas", "outboxd_streams_sample_seconds"}) {
    CHECK_MESSAGE(value_in(stale, std::string{name} + R"({redis="r:1/0"})") == "Nan", name);
  }
  CHECK(value_in(stale, R"(outboxd_redis_role{redis="r:1/0",role="master"})") == "Nan");
  CHECK(value_in(stale, R"(outboxd_streams_sample_failures_total{redis="r:1/0"})") == "3");
  CHECK(value_in(stale, R"(outboxd_streams_sample_timestamp_seconds{redis="r:1/0"})") == "1700000123");
}

TEST_CASE("stream metrics: what INFO says of the server") {
  struct Row {
    const char* memory;
    const char* replication;
    const char* limit;
    const char* master;
    const char* replicas;
    const char* offset;
  };
  for (const auto& row : {
           Row{"# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n",
               "# Replication\r\nrole:master\r\nconnected_slaves:2\r\nmaster_repl_offset:4711\r\n", "+Inf", "1", "2",
               "4711"},
           Row{"used_memory_peak:5\r\nused_memory:1048576\r\nmaxmemory:2097152\r\n",
               "role:slave\r\nslave_repl_offset:4000\r\nconnected_slaves:0\r\nmaster_repl_offset:4711\r\n", "2097152",
               "0", "0", "4000"},
           Row{"used_memory:1048576\r\n", "", "Nan", "Nan", "Nan", "Nan"},
       }) {
    CAPTURE(row.memory);
    const auto server = read_server(std::vector<Value>{text(""), text(row.memory), text(row.replication)});
    const auto page = page_of({}, seconds{0}, server);
    const std::string label = R"({redis="r:1/0"})";
    CHECK(value_in(page, "outboxd_redis_memory_used_bytes" + label) == "1048576");
    CHECK(value_in(page, "outboxd_redis_memory_limit_bytes" + label) == row.limit);
    CHECK(value_in(page, R"(outboxd_redis_role{redis="r:1/0",role="master"})") == row.master);
    CHECK(value_in(page, "outboxd_redis_connected_replicas" + label) == row.replicas);
    CHECK(value_in(page, "outboxd_redis_replication_offset_bytes" + label) == row.offset);
  }
  const auto forbidden = read_server(std::vector<Value>{kNoRight, kNoRight, kNoRight});
  CHECK(value_in(page_of({}, seconds{0}, forbidden), R"(outboxd_redis_memory_used_bytes{redis="r:1/0"})") == "Nan");
  CHECK(read_server(std::vector<Value>{text("redis_version:8.0.1\r\n"), Value{}, Value{}}).exact_counters);
}

TEST_CASE("stream metrics: streams and groups from outside can't grow the page without bound, and are counted") {
  std::vector<streams::Wanted> many{wanted("first"), wanted("a\xff"), wanted(std::string(300, 'x'))};
  for (int i = 0; i < 250; ++i) many.push_back(wanted("s" + std::to_string(i)));
  const auto kept = watched(many);
  CHECK(kept.streams.size() == kMostStreams);
  CHECK(kept.left_out == 53);
  CHECK(kept.streams.front().name == "first");

  std::vector<streams::Wanted> two{wanted("s", {"last"}), wanted("t")};
  std::vector<Value> groups;
  for (int i = 0; i < 60; ++i) groups.push_back(group("g" + std::to_string(i), "1-0", number(1), 0));
  groups.push_back(group("b\xff", "1-0", number(1), 0));
  groups.push_back(group("last", "1-0", number(1), 0));
  std::vector<StreamAnswers> got{read_answers("s", answers(list(groups))),
                                 read_answers("t", answers(list({group("g", "1-0", number(1), 0)})))};
  CHECK(leave_out_groups(two, got) == 12);
  CHECK(got[0].seen.groups->size() == kMostGroupsOfStream);
  CHECK(got[0].seen.groups->front().group.name == "last");
  CHECK(got[1].seen.groups->size() == 1);

  std::vector<streams::Wanted> all;
  std::vector<StreamAnswers> of_all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(wanted("s" + std::to_string(i)));
    of_all.push_back(read_answers(all.back().name, answers(list(groups))));
  }
  CHECK(leave_out_groups(all, of_all) == 30 * groups.size() - kMostGroups);
}

TEST_CASE(
    "stream metrics: before the first sample, declared streams and groups are there, unknown, their totals at 0") {
  Page page;
  auto& server = page.add({.redis = "r:1/0", .dispatchers = {"a"}, .most_age = seconds{45}});
  server.latest.streams.push_back(unknown_sample(wanted("s", {"g"}), "not_sampled"));
  const TimePoint start{seconds{1'000}};
  const auto first = page.text(start);
  CHECK(value_in(first, "outboxd_stream_group_lag_unknown" + of_group("g", "not_sampled")) == "1");
  CHECK(value_in(first, "outboxd_stream_group_lost_entries_total" + of_group("g")) == "0");
  CHECK(value_in(first, R"(outboxd_streams_sample_failures_total{redis="r:1/0"})") == "0");
  CHECK(value_in(first, R"(outboxd_streams_sample_timestamp_seconds{redis="r:1/0"})") == "0");
  CHECK(value_in(first, R"(outboxd_dispatcher_redis_info{redis="r:1/0",dispatcher="a"})") == "1");

  server.taken = start;
  server.latest.streams = {sampled(wanted("s"), answers(list({})))};
  page.changed();
  CHECK(value_in(page.text(start), "outboxd_stream_entries" + kStream) == "100");
  CHECK(value_in(page.text(start + seconds{46}), "outboxd_stream_entries" + kStream) == "Nan");
}

}  // namespace outboxd::stream_metrics
