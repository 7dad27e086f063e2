// SPDX-License-Identifier: Apache-2.0
// What is at fault for a refusal, and how long a refused row is left alone.
#include "outbox/quarantine.hpp"
#include "outbox/refusal_judgement.hpp"
#include "outbox/starvation.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd {

using namespace std::chrono_literals;
using Whose = RefusalJudgement::Whose;

namespace {

const auto kStart = RefusalJudgement::TimePoint{} + 1h;

std::vector<Refusal> refusals(const std::vector<std::string>& ids, const std::string& cause) {
  std::vector<Refusal> all;
  for (const auto& id : ids) all.push_back({id, "no", false, cause});
  return all;
}

}  // namespace

TEST_CASE("the fault of a refusal is judged by which other rows are written, not by its code") {
  struct Case {
    const char* name;
    std::vector<Refusal> refused;
    std::size_t written;
    bool tried_all;
    Whose whose;
    std::size_t own;
  };
  std::vector<Case> cases;
  // Every class of errors, in every place.
  for (const auto* cause : {"08006", "0A000", "22023", "23514", "25006", "40001", "40P01", "42501", "42601", "42883",
                            "53100", "54000", "55P03", "57014", "57P01", "P0001", "XX000", "MY001", "unwritten"}) {
    cases.push_back({cause, refusals({"1"}, cause), 31, false, Whose::rows_own, 1});
    cases.push_back({cause, refusals({"1", "2"}, cause), 1, true, Whose::rows_own, 2});
    cases.push_back({cause, refusals({"1"}, cause), 0, true, Whose::everybodys, 0});
    cases.push_back({cause, refusals({"1", "2", "3", "4", "5"}, cause), 0, true, Whose::everybodys, 0});
    cases.push_back({cause, refusals({"1", "2"}, cause), 0, false, Whose::undecided, 0});
  }
  auto two_causes = refusals({"1"}, "54000");
  two_causes.push_back({"2", "no", false, "P0001"});
  cases.push_back({"two causes", two_causes, 0, true, Whose::rows_own, 2});
  cases.push_back({"a lock on the row", refusals({"1"}, ""), 0, true, Whose::rows_own, 1});
  cases.push_back({"nothing refused", {}, 0, true, Whose::rows_own, 0});
  for (const auto& one : cases) {
    CAPTURE(one.name);
    RefusalJudgement judgement;
    const auto judged = judgement.judge(one.refused, one.written, one.tried_all, kStart);
    CHECK(judged.whose == one.whose);
    CHECK(judged.own.size() == one.own);
  }
}

TEST_CASE("the fault shows later, when another row is written or none is left to try") {
  RefusalJudgement judgement;
  CHECK(judgement.judge(refusals({"1", "2"}, "P0001"), 0, false, kStart).whose == Whose::undecided);
  CHECK(judgement.undecided().size() == 2);
  SUBCASE("the rows behind it are written") {
    const auto judged = judgement.judge({}, 5, true, kStart + 1s);
    CHECK(judged.whose == Whose::rows_own);
    CHECK(judged.own.size() == 2);
    CHECK(judgement.undecided().empty());
  }
  SUBCASE("there are none") {
    CHECK(judgement.judge({}, 0, true, kStart + 1s).whose == Whose::everybodys);
    CHECK(judgement.undecided().empty());
    SUBCASE("and it goes on") {
      CHECK(judgement.judge(refusals({"1", "2"}, "P0001"), 0, true, kStart + 2s).whose == Whose::everybodys);
    }
    SUBCASE("and then one is settled") {
      judgement.wrote(kStart + 2s);
      CHECK(judgement.judge(refusals({"1", "2"}, "P0001"), 0, true, kStart + 3s).own.size() == 2);
      // From then on these rows are known to be at fault, and no others.
      CHECK(judgement.judge(refusals({"1"}, "P0001"), 0, true, kStart + 1h).whose == Whose::rows_own);
      CHECK(judgement.judge(refusals({"3"}, "P0001"), 0, true, kStart + 1h).whose == Whose::everybodys);
    }
    SUBCASE("and it is over, so that a later outage finds no row guilty") {
      CHECK(judgement.judge({}, 2, true, kStart + 2s).own.empty());
      CHECK(judgement.judge(refusals({"1", "2"}, "P0001"), 0, true, kStart + 1h).whose == Whose::everybodys);
    }
  }
  SUBCASE("there is no end of them") {
    auto whose = Whose::undecided;
    for (int i = 0; whose == Whose::undecided; ++i) {
      REQUIRE(i <= 10'000);
      whose = judgement.judge(refusals({"row " + std::to_string(i)}, "P0001"), 0, false, kStart).whose;
    }
    CHECK(whose == Whose::everybodys);
    CHECK(judgement.undecided().empty());
  }
}

TEST_CASE("a long search among refused rows that found none is not repeated at once") {
  RefusalJudgement judgement;
  const auto judge = [&](const char* id, bool tried_all, auto after) {
    return judgement.judge(refusals({id}, "54000"), 0, tried_all, kStart + after).whose;
  };
  CHECK(judge("1", false, 0s) == Whose::undecided);
  CHECK(judge("2", true, 2s) == Whose::everybodys);
  CHECK(judge("1", false, 3s) == Whose::everybodys);
  CHECK(judge("1", false, 19s) == Whose::everybodys);
  CHECK(judge("1", false, 20s) == Whose::undecided);
  // A short one is.
  CHECK(judgement.judge({}, 1, true, kStart + 21s).own.size() == 1);
  CHECK(judge("3", true, 22s) == Whose::everybodys);
  CHECK(judge("3", false, 22s) == Whose::undecided);
}

TEST_CASE("a quarantined row is tried ever more seldom, and at once when another of its kind was written") {
  Quarantine quarantine;
  const Refusal row{"1", "no", false, "P0001"};
  auto now = kStart;
  for (const auto delay : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    quarantine.add(row, now);
    CHECK(quarantine.ids() == std::vector<std::string>{"1"});
    CHECK(quarantine.due(now + delay - 1ms, 9).empty());
    CHECK(quarantine.due(now + delay, 9) == std::vector<std::string>{"1"});
    now += delay;
  }
  quarantine.add({"2", "no", false, "P0001"}, now);
  quarantine.add({"3", "no", false, "54000"}, now);
  quarantine.release("2", true);
  CHECK(quarantine.due(now, 9) == std::vector<std::string>{"1"});
  quarantine.add({"1", "unreadable", true, "22021"}, now);
  CHECK(quarantine.ids() == std::vector<std::string>{"3"});
  for (int i = 0; i < 11'000; ++i) quarantine.add({"row " + std::to_string(i), "no", false, "P0001"}, now);
  CHECK(quarantine.ids().size() == Quarantine::kMost);
}

TEST_CASE("rows in quarantine have their turns one after the other, however few are tried at a time") {
  Quarantine quarantine;
  for (const auto& row : refusals({"1", "2", "3"}, "P0001")) quarantine.add(row, kStart);
  std::string turns;
  auto now = kStart + Quarantine::kLongestDelay;
  for (int i = 0; i < 6; ++i, now += Quarantine::kLongestDelay) {
    const auto due = quarantine.due(now, 1);
    REQUIRE(due.size() == 1);
    turns += due.front();
    quarantine.add(refusals(due, "P0001").front(), now);
  }
  CHECK(turns == "123123");
}

TEST_CASE(
    "two outages blame no row that both refuse, while a row that others go past is known at its second refusal") {
  RefusalJudgement judgement;
  CHECK(judgement.judge(refusals({"1", "2"}, "25006"), 0, true, kStart).whose == Whose::everybodys);
  judgement.wrote(kStart + 5s);
  // One of them, beside a row that was not refused before: it can't be distinguished from another outage.
  CHECK(judgement.judge(refusals({"1", "3"}, "25006"), 0, true, kStart + 6s).whose == Whose::everybodys);
  CHECK(judgement.judge(refusals({"1", "3"}, "25006"), 0, true, kStart + 7s).whose == Whose::everybodys);
  // Others are written again, and all rows that are refused now were refused before that.
  judgement.wrote(kStart + 8s);
  const auto judged = judgement.judge(refusals({"1", "3"}, "25006"), 0, true, kStart + 9s);
  CHECK(judged.whose == Whose::rows_own);
  CHECK(judged.own.size() == 2);
  // No known row is taken for the sign of an outage.
  CHECK(judgement.judge(refusals({"2"}, "25006"), 0, true, kStart + 10s).whose == Whose::rows_own);
}

TEST_CASE("new rows that fail beside a row again and again don't keep it from being named") {
  RefusalJudgement judgement;
  CHECK(judgement.judge(refusals({"1"}, "25006"), 0, true, kStart).whose == Whose::everybodys);
  judgement.wrote(kStart + 1s);
  CHECK(judgement.judge(refusals({"1", "2"}, "25006"), 0, true, kStart + 2s).own.empty());
  judgement.wrote(kStart + 3s);
  const auto judged = judgement.judge(refusals({"1", "2", "3"}, "25006"), 0, true, kStart + 4s);
  REQUIRE(judged.own.size() == 1);
  CHECK(judged.own.front().id == "1");
  judgement.wrote(kStart + 5s);
  CHECK(judgement.judge(refusals({"2", "3", "4"}, "25006"), 0, true, kStart + 6s).own.size() == 1);
}

TEST_CASE("a row that was written after its refusal is not blamed in the next outage") {
  RefusalJudgement judgement;
  CHECK(judgement.knows_no_row());
  CHECK(judgement.judge(refusals({"1"}, "25006"), 0, true, kStart).whose == Whose::everybodys);
  CHECK_FALSE(judgement.knows_no_row());
  judgement.wrote(kStart + 5s);
  judgement.forget("1");
  CHECK(judgement.knows_no_row());
  CHECK(judgement.judge(refusals({"1"}, "25006"), 0, true, kStart + 6s).whose == Whose::everybodys);
}

TEST_CASE("rows starve when they are due, claims find none, and their number doesn't fall") {
  Starvation starvation;
  const auto sampled = [&](std::size_t claimed, std::uint64_t due, std::uint64_t left_out) {
    starvation.claimed(claimed);
    return starvation.sampled(due, left_out);
  };
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(sampled(0, 0, 0));   // nothing is due
    CHECK_FALSE(sampled(0, 3, 3));   // only what is set apart
    CHECK_FALSE(sampled(5, 50, 0));  // we get some
  }
  for (std::uint64_t due = 50; due > 40; --due) CHECK_FALSE(sampled(0, due, 0));  // others take them
  CHECK_FALSE(starvation.sampled(50, 0));                                         // no claim was made
  CHECK_FALSE(sampled(0, 50, 0));
  CHECK_FALSE(sampled(0, 50, 0));
  CHECK(sampled(0, 51, 0));
  CHECK(sampled(0, 51, 0));
  CHECK_FALSE(sampled(1, 60, 0));
}

}  // namespace outboxd
