// SPDX-License-Identifier: Apache-2.0
#include "replay/report.hpp"
#include "replay/warnings.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace outboxd::replay {
namespace {

using Kind = streams::SeenStream::Kind;
using std::chrono::hours;

// 2026-01-31T12:00:00Z
constexpr Moment kNoon{std::chrono::seconds{1'769'860'800}};

/// Of a stream of 100 entries.
streams::StreamReport in_redis(const redis::Figure& unread) {
  streams::StreamReport report;
  report.seen = {.name = "s", .kind = Kind::stream, .length = 100};
  report.seen.groups.emplace();
  streams::GroupReport group{.name = "g", .lag = unread};
  group.seen.emplace();
  report.groups.push_back(group);
  return report;
}

/// Ten rows for a stream with room.
Plan plan() {
  Plan plan{.dispatcher = "d", .table = "t", .choice = {.streams = {"s"}}, .now = kNoon, .time_column = "sent"};
  plan.choice.until = kNoon;
  plan.streams.push_back({.stream = "s",
                          .rows = 10,
                          .oldest_kept = kNoon - hours{9},
                          .bound = {.maxlen = 1'000},
                          .in_redis = in_redis({.number = 5})});
  return plan;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += text + "\n";
  return all;
}

}  // namespace

TEST_CASE("what makes a replay incomplete, or costs others entries, is said before anything is sent") {
  struct Case {
    std::string what;
    std::function<void(Plan&)> change;
    /// A part of the only warning; empty: there is none.
    const char* warning;
  };
  for (const auto& one : std::vector<Case>{
           {"all is well", [](Plan&) {}, ""},
           {"no key", [](Plan& p) { p.is_signed = false; }, "no signing key is set"},
           {"a retention, and no begin", [](Plan& p) { p.retention = hours{2}; },
            "dispatcher.retention is 2h: rows that were published before 2026-01-31T10:00:00.000000Z"},
           {"a range beyond the retention",
            [](Plan& p) {
              p.retention = hours{2};
              p.choice.since = kNoon - hours{3};
            },
            "dispatcher.retention is 2h"},
           {"a range within the retention",
            [](Plan& p) {
              p.retention = hours{2};
              p.choice.since = kNoon - hours{2};
            },
            ""},
           {"rows removed at the range's begin", [](Plan& p) { p.choice.since = kNoon - hours{10}; },
            "the oldest published row that the table has is of 2026-01-31T03:00:00.000000Z, after --since"},
           {"all rows removed",
            [](Plan& p) {
              p.choice.since = kNoon - hours{10};
              p.streams[0].oldest_kept.reset();
              p.streams[0].rows = 0;
            },
            "the table has no published row with a time"},
           {"rows without a time", [](Plan& p) { p.streams[0].untimed = 1; },
            "1 published row without a time in sent left out; choose by --id"},
           {"a table without that time", [](Plan& p) { p.is_exact_time = false; },
            "no column for the time of publishing: --since and --until"},
           {"as many rows as the stream keeps", [](Plan& p) { p.streams[0].rows = 900; }, ""},
           {"more rows than the stream keeps",
            [](Plan& p) {
              p.streams[0].rows = 1'200;
              p.streams[0].in_redis = in_redis({.number = 0});
            },
            "keeps about 1000 entries: of these 1200 rows the first 200 are trimmed again"},
           {"an unread entry pushed out", [](Plan& p) { p.streams[0].rows = 996; },
            "group g: the replay pushes out 1 entry that it has not read (MAXLEN 1000)"},
           {"unread entries are unknown",
            [](Plan& p) {
              p.streams[0].rows = 950;
              p.streams[0].in_redis = in_redis({.why_unknown = "XINFO STREAM: no right"});
            },
            "how many unread entries the replay pushes out is unknown (at most 50): XINFO STREAM: no right"},
           {"unread entries are unknown, and there is room",
            [](Plan& p) { p.streams[0].in_redis = in_redis({.why_unknown = "no right"}); }, ""},
           {"a right is missing",
            [](Plan& p) {
              p.streams[0].in_redis->seen.groups.reset();
              p.streams[0].in_redis->seen.why_no_groups = "no right to XINFO GROUPS";
            },
            "can't be known here: no right to XINFO GROUPS"},
           {"no such key yet", [](Plan& p) { p.streams[0].in_redis->seen.kind = Kind::missing; }, ""},
           {"no answer",
            [](Plan& p) {
              p.streams[0].in_redis.reset();
              p.why_no_redis = "Redis at r is away";
            },
            "is unknown: Redis at r is away"},
       }) {
    CAPTURE(one.what);
    auto changed = plan();
    one.change(changed);
    const auto warnings = warnings_of(changed);
    const std::string wanted = one.warning;
    CHECK_MESSAGE(warnings.size() == (wanted.empty() ? 0U : 1U), joined(warnings));
    CHECK_MESSAGE(joined(warnings).find(wanted) != std::string::npos, joined(warnings));
  }
}

TEST_CASE(
    "entries that a replay pushes out: those beyond the bound that the group has not read, and no replayed one") {
  struct Case {
    std::uint64_t unread, length, rows, maxlen, lost;
  };
  for (const auto& one : std::vector<Case>{{5, 100, 0, 10, 0},
                                           {5, 100, 900, 1'000, 0},
                                           {5, 100, 995, 1'000, 0},
                                           {100, 100, 1, 100, 1},
                                           {100, 100, 40, 100, 40},
                                           {10, 100, 91, 100, 1},
                                           {10, 100, 90, 100, 0},
                                           {10, 100, 5'000, 100, 10},
                                           {0, 100, 5'000, 100, 0},
                                           {0, 0, 5'000, 100, 0}}) {
    CAPTURE(one.unread);
    CAPTURE(one.rows);
    const auto figure = pushed_out({.number = one.unread}, one.length, one.rows, one.maxlen);
    // 100 + 995 rows are 95 too many, of which the group has read all.
    CHECK(figure.number == one.lost);
  }
}

TEST_CASE("a key of another type is an error only where something is to be published to it") {
  auto changed = plan();
  CHECK(wrong_types_of(changed).empty());
  changed.streams[0].in_redis->seen.kind = Kind::other_type;
  changed.streams[0].in_redis->seen.type = "string";
  CHECK(joined(wrong_types_of(changed)).find("s is a key of type string, not a stream") == 0);
  changed.streams[0].rows = 0;
  CHECK(wrong_types_of(changed).empty());
}

TEST_CASE("the report of a replay names what was not published, and the options to go on with") {
  auto some = plan();
  some.left_out = {{"x", "dead"}, {"y", "unknown"}};
  some.streams.push_back({.stream = "later", .rows = 3});
  std::vector<StreamTally> tallies{{.stream = "s",
                                    .chosen = 10,
                                    .published = 5,
                                    .unencodable = {1, "r3", "payload is not an object"},
                                    .gone = {2, "r4", ""},
                                    .possibly_sent = {1, "r7", ""},
                                    .behind = 1,
                                    .end = StreamTally::End::refused,
                                    .why = "row r7: Redis refuses: OOM",
                                    .last = "r6",
                                    .last_published = "2026-01-31 11:00:00+00"},
                                   {.stream = "later", .chosen = 3}};
  const auto text = text_of(some, tallies);
  for (const auto* part :
       {"stream s: 5 of 10 rows published again\n",
        "  1 row not published: no entry can be made (r3: payload is not an object)\n",
        "  2 rows not published: removed or requeued meanwhile (r4)\n",
        "  1 row possibly sent, as no answer came; a repeat is harmless (same outbox_id) (r7)\n",
        "  refused: row r7: Redis refuses: OOM\n", "  1 row behind that one in the same write went through\n",
        "  done up to row r6, published at 2026-01-31 11:00:00+00\n",
        "  go on with: outboxd replay --stream 's' --until 2026-01-31T12:00:00.000000Z --after 'r6'\n",
        "stream later: 0 of 3 rows published again; not begun\n"
        "  go on with: outboxd replay --stream 'later' --until 2026-01-31T12:00:00.000000Z\n",
        "left out: x (dead: outboxd dead requeue publishes it)\n", "left out: y (not in the table)\n"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part, " is not in: ", text);
  }
  const auto json = json_of(some, tallies);
  for (const auto* part :
       {R"("dispatcher":"d","table":"t","time_column":"sent","since":null,"until":"2026-01-31T12:00:00.000000Z",)"
        R"("rows":13,"published":5,"outside":0,"left_out":[{"id":"x","state":"dead"},{"id":"y","state":"unknown"}],)",
        R"("end":"refused","why":"row r7: Redis refuses: OOM","last_id":"r6","go_on":"--stream 's' )"}) {
    CHECK_MESSAGE(json.find(part) != std::string::npos, part, " is not in: ", json);
  }
  // In a terminal of 80 columns.
  some.streams[0].stream = std::string(300, 's');
  some.streams[0].oldest = some.streams[0].newest = "2026-01-31T11:00:00.123456Z";
  const auto preview = text_of(some, 80);
  const auto table = preview.find("STREAM ");
  REQUIRE(table != std::string::npos);
  CHECK(preview.find('\n', table) - table <= 80);
  CHECK(preview.find("2026-01-31T11:00:00Z  2026-01-31T11:00:00Z   1000\n") != std::string::npos);
}

}  // namespace outboxd::replay
