// SPDX-License-Identifier: Apache-2.0
#include "replay/report.hpp"
#include "replay/run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace outboxd::replay {
namespace {

using End = StreamTally::End;

/// Rows r0, r1, … of each stream, in windows of three; what happens to some is set by the test.
class SomeRowsOf final : public RowSource {
 public:
  explicit SomeRowsOf(std::map<std::string, int> rows) : rows_{std::move(rows)} {}

  std::vector<Place> next(const std::string& stream, const std::optional<Place>& after) override {
    if (stream == fails_at) throw std::runtime_error("Postgres is away");
    std::vector<Place> places;
    const int begin = after ? std::stoi(after->id.substr(1)) + 1 : 0;
    for (int i = begin; i < std::min(begin + 3, rows_[stream]); ++i) places.push_back({"r" + std::to_string(i), "t"});
    return places;
  }

  Batch read(const std::string& /*stream*/, std::span<const Place> places) override {
    Batch batch;
    for (const auto& place : places) {
      const auto& id = place.id;
      if (batch.rows.size() == most_at_once) break;
      ++batch.taken;
      if (id == gone) {
        batch.gone.push_back(id);
      } else {
        batch.rows.push_back({.id = id, .stream = "s", .payload_json = id == broken ? "[]" : R"({"a":1})"});
      }
    }
    return batch;
  }

  std::string fails_at{};
  std::string gone{};
  std::string broken{};
  std::size_t most_at_once = 100;

 private:
  std::map<std::string, int> rows_;
};

/// Publishes everything, except the entries of one row, and counts.
struct Wire {
  std::string refused{};
  Reply reply{};
  std::string sent{};

  [[nodiscard]] Sink sink() {
    return [this](std::span<dispatch::Delivery* const> rows) {
      for (auto* row : rows) {
        sent += row->row.id + " ";
        row->reply = row->row.id == refused ? reply : Reply{Fault::none, "1-1"};
      }
    };
  }
};

std::vector<StreamTally> run(SomeRowsOf& rows, Wire& wire, const std::vector<std::string>& streams,
                             const std::optional<Place>& after = {}, const Steps& steps = {}) {
  std::vector<StreamTally> tallies;
  for (const auto& stream : streams) tallies.push_back({.stream = stream});
  entry::Encoder encoder{{}, {}};
  replay(rows, wire.sink(), encoder, steps, after, tallies);
  return tallies;
}

}  // namespace

TEST_CASE("a replay publishes every row once, in its order, stream by stream; rows that can't be are counted") {
  SomeRowsOf rows{{{"a", 7}, {"b", 2}}};
  rows.most_at_once = 2;
  rows.gone = "r1";
  rows.broken = "r4";
  Wire wire;
  const auto tallies = run(rows, wire, {"a", "b"});
  CHECK(wire.sent == "r0 r2 r3 r5 r6 r0 ");
  CHECK(tallies[0].published == 5);
  CHECK(tallies[0].gone.first == "r1");
  CHECK(tallies[0].unencodable.first == "r4");
  CHECK(tallies[0].last == "r6");
  CHECK(tallies[0].end == End::complete);
  CHECK(tallies[1].published == 1);
  CHECK(verdict_of(tallies, 0) == Verdict::some_not_published);
}

TEST_CASE("a replay goes on after a row, in the first stream alone") {
  SomeRowsOf rows{{{"a", 5}, {"b", 1}}};
  Wire wire;
  const auto tallies = run(rows, wire, {"a", "b"}, Place{"r2", "t", ""});
  CHECK(wire.sent == "r3 r4 r0 ");
  CHECK(verdict_of(tallies, 0) == Verdict::done);
  CHECK(verdict_of(tallies, 1) == Verdict::some_not_published);
}

TEST_CASE("an entry that Redis refuses ends its stream; what fails altogether ends the replay") {
  struct Case {
    Reply reply;
    End end;
    bool begins_next;
    Verdict verdict;
    const char* why;
  };
  for (const auto& one : std::vector<Case>{
           {{Fault::stream_refused, "Redis refuses: WRONGTYPE x"},
            End::refused,
            true,
            Verdict::refused,
            "row r4: Redis refuses: WRONGTYPE x; the key is not a stream: rename or delete it"},
           {{Fault::refused, "Redis refuses: ERR odd"}, End::refused, true, Verdict::refused, "remove the cause"},
           {{Fault::redis_unavailable, "Redis refuses: OOM x"},
            End::refused,
            false,
            Verdict::refused,
            "raise its maxmemory"},
           {{Fault::redis_unreachable, "away"}, End::stopped, false, Verdict::stopped, "row r4: away"},
           {{Fault::unanswered, "no answer"}, End::stopped, false, Verdict::stopped, "it may be in the stream"},
       }) {
    CAPTURE(one.why);
    SomeRowsOf rows{{{"a", 9}, {"b", 1}}};
    Wire wire{.refused = "r4", .reply = one.reply};
    const auto tallies = run(rows, wire, {"a", "b"});
    CHECK(tallies[0].end == one.end);
    CHECK(tallies[0].why.find(one.why) != std::string::npos);
    CHECK(tallies[0].last == "r3");
    CHECK(tallies[0].possibly_sent.rows == (one.reply.fault == Fault::unanswered ? 1 : 0));
    // r5 was in the same write.
    CHECK(tallies[0].published == 5);
    CHECK(tallies[0].behind == 1);
    CHECK(tallies[1].end == (one.begins_next ? End::complete : End::not_begun));
    CHECK(verdict_of(tallies, 0) == one.verdict);
  }
}

TEST_CASE("a replay ends where the operator stops it or Postgres fails, and says so") {
  SomeRowsOf rows{{{"a", 9}, {"b", 2}}};
  Wire wire;
  int batches = 0;
  const Steps steps{.rate = 1'000'000, .stops = [&](auto) { return ++batches == 3; }};
  auto tallies = run(rows, wire, {"a", "b"}, {}, steps);
  CHECK(wire.sent == "r0 r1 r2 r3 r4 r5 ");
  CHECK(tallies[0].end == End::stopped);
  CHECK(tallies[0].why == "interrupted");
  CHECK(tallies[0].last == "r5");
  CHECK(verdict_of(tallies, 0) == Verdict::stopped);
  rows.fails_at = "a";
  tallies = run(rows, wire, {"a", "b"});
  CHECK(tallies[0].why == "Postgres is away");
  CHECK(tallies[1].end == End::not_begun);
  CHECK(verdict_of(tallies, 0) == Verdict::nothing_sent);
}

TEST_CASE("what is left of a replay of many ids is a command with all of them, however long") {
  Plan plan;
  std::string ids;
  for (int i = 0; i < 1'000; ++i) {
    plan.choice.ids.push_back("id-" + std::to_string(i));
    ids += " --id 'id-" + std::to_string(i) + "'";
  }
  plan.streams = {{.stream = "s"}};
  const std::vector<StreamTally> tallies{{.stream = "s", .end = End::stopped, .last = "id-7"}};
  const auto rest = "--stream 's'" + ids + " --after 'id-7'";
  CHECK(rest_of(plan, tallies.front()) == rest);
  CHECK(text_of(plan, tallies).find("  go on with: outboxd replay " + rest + "\n") != std::string::npos);
  CHECK(json_of(plan, tallies).find("\"go_on\":\"" + rest + "\"") != std::string::npos);
}

TEST_CASE("a replay keeps to its rate: it waits for the time that a quarter of a second's rows take") {
  SomeRowsOf rows{{{"a", 3}}};
  Wire wire;
  std::chrono::milliseconds longest{0};
  const Steps steps{.rate = 1, .stops = [&](std::chrono::milliseconds wait) {
                      longest = std::max(longest, wait);
                      return wait > std::chrono::milliseconds{0};
                    }};
  const auto tallies = run(rows, wire, {"a"}, {}, steps);
  CHECK(wire.sent == "r0 ");
  CHECK(longest > std::chrono::milliseconds{500});
  CHECK(longest <= std::chrono::milliseconds{1'000});
}

}  // namespace outboxd::replay
