// SPDX-License-Identifier: Apache-2.0
// Which rows are sent only once although their mark can't be written or is undone.
#include "outbox/sent_rows.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;

namespace {

const auto kStart = SentRows::TimePoint{} + 1h;

}  // namespace

TEST_CASE("a row that was sent and can't be marked is not sent again, unless it was requeued") {
  using Advice = SentRows::Advice;
  SentRows sent{10s};
  CHECK(sent.advise("1", 1, true, kStart).advice == Advice::send);
  sent.unsettled("1", 2, kStart);
  CHECK(sent.left_out(kStart + 4s) == std::vector<std::string>{"1"});
  CHECK(sent.left_out(kStart + 5s).empty());
  CHECK(sent.advise("2", 3, true, kStart).advice == Advice::send);
  for (const auto later : {30s, 3600s, 7000s}) {
    CHECK(sent.advise("1", 3, true, kStart + later).advice == Advice::only_mark);
    sent.unsettled("1", 3, kStart + later);
  }
  CHECK(sent.is_left_out("1", kStart + 7000s + 39s));
  SUBCASE("its attempts are counted anew") {
    CHECK(sent.advise("1", 1, true, kStart + 7001s).advice == Advice::send);
    CHECK(sent.advise("1", 3, true, kStart + 7001s).advice == Advice::send);
  }
  SUBCASE("counted anew, it has come to the same attempt: where claims count, it would have come to the next one") {
    CHECK(sent.advise("1", 2, true, kStart + 7001s).advice == Advice::send);
  }
  SUBCASE("where claims don't count, a claim without an outcome leaves the attempt as it is") {
    CHECK(sent.advise("1", 2, false, kStart + 7001s).advice == Advice::only_mark);
  }
  SUBCASE("others may have marked it meanwhile") {
    CHECK(sent.advise("1", 3, true, kStart + 7000s + 2h).advice == Advice::send);
  }
}

TEST_CASE("one claim that fails several times to mark a row makes its pause no longer") {
  SentRows sent{10s};
  sent.unsettled("1", 1, kStart);
  sent.unsettled("1", 1, kStart + 3s);
  sent.unsettled("1", 1, kStart + 6s);
  CHECK(sent.is_left_out("1", kStart + 10s));
  CHECK_FALSE(sent.is_left_out("1", kStart + 11s));
}

TEST_CASE("a row that is marked and due again: undone, or requeued") {
  using Advice = SentRows::Advice;
  SentRows sent{10s};
  sent.settled("1", 1, kStart);
  SUBCASE("undone at once: held ever longer, and never for good") {
    auto now = kStart;
    std::uint32_t attempt = 1;
    for (const auto hold : {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s}) {
      ++attempt;
      const auto advised = sent.advise("1", attempt, true, now + 1s);
      CHECK(advised.advice == Advice::hold);
      CHECK(advised.delay == hold);
      CHECK(advised.is_news);
      CHECK(sent.left_out(now + 1s).empty());
      // It is claimed before its delay is over: then claims have to leave it out.
      CHECK_FALSE(sent.advise("1", attempt, true, now + 2s).is_news);
      CHECK(sent.left_out(now + 2s) == std::vector<std::string>{"1"});
      now += hold + 1s;
      CHECK(sent.left_out(now).empty());
      CHECK(sent.advise("1", attempt, true, now).advice == Advice::send);
      sent.settled("1", attempt, now);
    }
  }
  SUBCASE("requeued: sent at once, also while it is held") {
    CHECK(sent.advise("1", 2, true, kStart + 1s).advice == Advice::hold);
    CHECK(sent.advise("1", 1, true, kStart + 2s).advice == Advice::send);
  }
  SUBCASE("requeued later, without counting anew") {
    CHECK(sent.advise("1", 2, true, kStart + 10s).advice == Advice::send);
  }
  SUBCASE("undone with its attempts: sent once more, then held") {
    CHECK(sent.advise("1", 1, true, kStart + 1s).advice == Advice::send);
    sent.settled("1", 1, kStart + 1s);
    CHECK(sent.advise("1", 1, true, kStart + 2s).advice == Advice::hold);
  }
  SUBCASE("only so many are remembered: those that came first, until they are old, or no longer held") {
    const auto settle_many = [&](const std::string& name, SentRows::TimePoint now) {
      for (std::size_t i = 0; i < SentRows::kMostSettled; ++i) sent.settled(name + std::to_string(i), 1, now);
    };
    settle_many("row ", kStart + 1s);
    settle_many("later ", kStart + 2s);
    CHECK(sent.advise("1", 2, true, kStart + 3s).advice == Advice::hold);
    CHECK(sent.advise("row 9", 2, true, kStart + 3s).advice == Advice::hold);
    CHECK(sent.advise("later 9", 2, true, kStart + 3s).advice == Advice::send);
    settle_many("much later ", kStart + 15s);
    CHECK(sent.advise("much later 9", 2, true, kStart + 16s).advice == Advice::hold);
    CHECK(sent.advise("1", 2, true, kStart + 16s).advice == Advice::hold);
  }
}

}  // namespace outboxd
