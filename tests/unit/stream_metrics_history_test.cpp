// SPDX-License-Identifier: Apache-2.0
// What several samples of a group prove together, against a model of a stream that knows the truth.
#include "stream_metrics/group_history.hpp"
#include "stream_metrics/stream_history.hpp"
#include "support/model_stream.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

namespace outboxd::stream_metrics {
namespace {

using test::ModelStream;

struct Counts {
  int samples = 0;
  int lag = 0;
  /// Proved although one answer doesn't show it.
  int more_lag = 0;
  std::uint64_t lost = 0;
  std::uint64_t proved_lost = 0;
};

/// A stream that is cut to a bound with each addition, as dispatchers do, and a group that reads with pauses.
void live(ModelStream::Counting counting, unsigned seed, bool deletes, Counts& counts) {
  const bool exact = counting == ModelStream::Counting::redis_8_0;
  std::mt19937 random{seed};
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  ModelStream stream{counting};
  stream.place_group(0);
  GroupHistory history;
  const auto maxlen = 5 + below(20);
  std::uint64_t lost = 0;
  bool sampled = false;
  for (int step = 0; step < 120; ++step) {
    const auto before = stream.lost();
    switch (below(deletes ? 6 : 5)) {
      case 0:
      case 1:
        for (auto count = 1 + below(4); count > 0; --count) {
          stream.add();
          stream.trim(maxlen);
        }
        if (sampled) lost += stream.lost() - before;
        break;
      case 2:
      case 3:
        stream.read(1 + below(8));
        break;
      case 4: {
        const auto info = stream.info();
        const auto plain = redis::unread(info, stream.group(), exact);
        const auto judged = history.judge(info, stream.group(), exact);
        CAPTURE(seed);
        CAPTURE(step);
        CHECK(judged.lag.number.value_or(stream.unread()) == stream.unread());
        CHECK(judged.lost.number.value_or(stream.lost()) == stream.lost());
        CHECK(history.lost_total() <= lost);
        CHECK((judged.lag.number || !plain.number));
        ++counts.samples;
        counts.lag += judged.lag.number ? 1 : 0;
        counts.more_lag += judged.lag.number && !plain.number ? 1 : 0;
        sampled = true;
        break;
      }
      default:
        if (!stream.present().empty())
          stream.remove(*std::next(stream.present().begin(), static_cast<long>(below(stream.present().size()))));
    }
  }
  counts.lost += lost;
  counts.proved_lost += history.lost_total();
}

void add(ModelStream& stream, int count) {
  for (int i = 0; i < count; ++i) stream.add();
}

}  // namespace

TEST_CASE("no lag and no loss is claimed that is not true, whatever happened between samples") {
  for (const auto counting : {ModelStream::Counting::redis_7_0, ModelStream::Counting::redis_8_0}) {
    for (const bool deletes : {false, true}) {
      Counts counts;
      for (unsigned seed = 0; seed < 500; ++seed) live(counting, seed, deletes, counts);
      CAPTURE(deletes);
      // A history that proves nothing would be right as well.
      CHECK(counts.lag > counts.samples / 2);
      CHECK(counts.proved_lost > counts.lost / 50);
      if (counting == ModelStream::Counting::redis_7_0 && !deletes) CHECK(counts.more_lag > counts.samples / 20);
    }
  }
}

TEST_CASE("a group that stalls until entries are trimmed: each is counted once, also by an old server") {
  for (const auto counting : {ModelStream::Counting::redis_7_0, ModelStream::Counting::redis_8_0}) {
    const bool exact = counting == ModelStream::Counting::redis_8_0;
    ModelStream stream{counting};
    stream.place_group(0);
    GroupHistory history;
    const auto sample = [&] { return history.judge(stream.info(), stream.group(), exact); };
    add(stream, 300);
    stream.read(300);
    stream.trim(100);
    CHECK(sample().lag.number == 0);
    add(stream, 40);
    stream.read(10);
    stream.trim(100);
    CHECK(sample().lag.number == 30);
    add(stream, 100);
    stream.trim(100);
    CHECK(sample().lag.number == 100);
    CHECK(history.lost_total() == 30);
    CHECK(sample().lost.number == 30);
    CHECK(history.lost_total() == 30);
    add(stream, 5);
    stream.trim(100);
    sample();
    CHECK(history.lost_total() == 35);
    // It reads on, all, and stalls again: what it has passed is not counted twice.
    stream.read(100);
    CHECK(sample().lost.number == 0);
    CHECK(history.lost_total() == 35);
    add(stream, 101);
    stream.trim(100);
    sample();
    CHECK(history.lost_total() == 36);
  }
}

TEST_CASE("what was trimmed before the first sample, or before a group was moved back, is no loss that is counted") {
  ModelStream stream{ModelStream::Counting::redis_8_0};
  stream.place_group(0);
  add(stream, 50);
  stream.trim(10);
  GroupHistory history;
  CHECK(history.judge(stream.info(), stream.group(), true).lost.number == 40);
  CHECK(history.lost_total() == 0);
  stream.read(10);
  history.judge(stream.info(), stream.group(), true);
  stream.place_group(0);
  CHECK(history.judge(stream.info(), stream.group(), true).lost.number == 40);
  CHECK(history.lost_total() == 0);
}

TEST_CASE("a stream that was deleted, or that lost entries, has gone back, and its groups begin again") {
  const auto stream = [](std::uint64_t added, std::uint64_t last) {
    return redis::StreamInfo{.length = added, .last_generated = redis::EntryId{last, 0}, .entries_added = added};
  };
  StreamHistory history;
  history.note_missing();
  history.note(stream(5, 100));
  history.note(stream(5, 100));
  history.note(stream(9, 200));
  CHECK(history.went_back() == 0);
  history.note(stream(8, 200));
  CHECK(history.went_back() == 1);
  history.note(stream(8, 150));
  CHECK(history.went_back() == 2);
  history.note_missing();
  history.note_missing();
  CHECK(history.went_back() == 3);
  history.note(stream(1, 300));
  CHECK(history.went_back() == 3);
}

}  // namespace outboxd::stream_metrics
