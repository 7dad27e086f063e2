// SPDX-License-Identifier: Apache-2.0
// What provisioning runs, what verify finds, and what status shows, for the answers of servers and their refusals.
#include "streams/plan.hpp"
#include "streams/report.hpp"
#include "streams/text_table.hpp"
#include "streams/verdict.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::streams {
namespace {

using redis::Value;

Value text(std::string words, Value::Kind kind = Value::Kind::string) {
  Value value;
  value.kind = kind;
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

Value status(const std::string& words) {
  return text(words, Value::Kind::status);
}

Value error(const std::string& words) {
  return text(words, Value::Kind::error);
}

const Value kForbidden = error("NOPERM this user has no permissions to run the 'xinfo|groups' command");
const Value kNoKey = error("ERR no such key");

Value entry(const std::string& id) {
  return list({text(id), list({text("a"), text("b")})});
}

Value info(long long length) {
  return list({text("length"), number(length), text("last-generated-id"), text("1700000009000-0"),
               text("max-deleted-entry-id"), text("0-0"), text("entries-added"), number(length), text("first-entry"),
               entry("1700000000000-0"), text("last-entry"), entry("1700000009000-0")});
}

Value group(const std::string& name, const std::string& last, const Value& entries_read, long long pending) {
  return list({text("name"), text(name), text("consumers"), number(1), text("pending"), number(pending),
               text("last-delivered-id"), text(last), text("entries-read"), entries_read, text("lag"), number(99)});
}

SeenStream stream(const std::string& name, long long length, std::vector<Value> groups) {
  return read_stream(
      name, std::vector{status("stream"), number(length), list(std::move(groups)), info(length), number(512)});
}

SeenStream missing(const std::string& name) {
  return read_stream(name, std::vector{status("none"), number(0), kNoKey, kNoKey, Value{}});
}

SeenStream forbidden(const std::string& name) {
  return read_stream(name, std::vector(5, kForbidden));
}

/// A stream with the groups g and (optional) o.
Wanted wanted(const std::string& name, std::optional<std::uint64_t> bound = {}) {
  Wanted result{.name = name, .bound = bound};
  result.declared.groups = {{"g"}, {.name = "o", .start = "0", .optional = true}};
  return result;
}

std::vector<std::string> lines_of(const Plan& plan) {
  std::vector<std::string> lines;
  for (const auto& step : plan.steps) lines.push_back(shell_line(step.command));
  return lines;
}

using Lines = std::vector<std::string>;

struct Judged {
  Plan plan;
  std::vector<Finding> findings;
  Verdict verdict = Verdict::as_declared;
};

Judged judge(const std::vector<Wanted>& all, const std::vector<SeenStream>& seen) {
  Judged judged{.plan = plan_of(all, seen, false), .findings = {}};
  judged.findings = findings_of(all, seen, judged.plan);
  judged.verdict = verdict_of(judged.findings, seen);
  return judged;
}

}  // namespace

TEST_CASE("provisioning creates what is missing, with a command that is safe to repeat") {
  const std::vector all{wanted("s t"), Wanted{.name = "first"}};
  const std::vector none{missing("s t"), missing("first")};
  CHECK(lines_of(plan_of(all, none, false)) == Lines{"XGROUP CREATE 's t' g '$' MKSTREAM", "XADD first 0-1 init 1"});
  CHECK(lines_of(plan_of(all, none, true)) ==
        Lines{"XGROUP CREATE 's t' g '$' MKSTREAM", "XGROUP CREATE 's t' o 0 MKSTREAM", "XADD first 0-1 init 1"});
  const std::vector there{stream("s t", 3, {group("g", "0-0", Value{}, 0)}), stream("first", 1, {})};
  const auto plan = plan_of(all, there, false);
  CHECK(plan.steps.empty());
  CHECK(plan.existing.size() == 3);
  // Where nothing may be looked at, everything is tried.
  const auto blind = plan_of(all, std::vector{forbidden("s t"), forbidden("first")}, false);
  CHECK(blind.steps.size() == 2);
  CHECK(blind.steps.front().may_exist);
}

TEST_CASE("a new group that begins after entries is named, with the command that has it read them") {
  const std::vector all{wanted("s")};
  CHECK(plan_of(all, std::vector{missing("s")}, false).warnings.empty());
  CHECK(plan_of(all, std::vector{stream("s", 0, {})}, false).warnings.empty());
  const auto plan = plan_of(all, std::vector{stream("s", 3, {})}, true);
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings.front().ends_with("if it is to read them, run XGROUP SETID s g 0"));
}

TEST_CASE("a stream with optional groups alone gets no entry: its group creates it") {
  Wanted optional{.name = "s"};
  optional.declared.groups = {{.name = "o", .start = "0", .optional = true}};
  CHECK(plan_of(std::vector{optional}, std::vector{missing("s")}, false).steps.empty());
  CHECK(lines_of(plan_of(std::vector{optional}, std::vector{missing("s")}, true)) ==
        Lines{"XGROUP CREATE s o 0 MKSTREAM"});
}

TEST_CASE("a group that another process creates meanwhile is no error; a refusal is") {
  using Outcome = StepResult::Outcome;
  const Step step{.stream = "s", .group = "g", .command = {}};
  const Step first{.stream = "s", .group = "", .command = {}};
  CHECK(result_of(step, status("OK")).outcome == Outcome::created);
  CHECK(result_of(step, error("BUSYGROUP Consumer Group name already exists")).outcome == Outcome::existed);
  CHECK(result_of(first, error("ERR The ID specified in XADD is equal or smaller than the target stream top item"))
            .outcome == Outcome::existed);
  const auto refused = result_of(step, kForbidden);
  CHECK(refused.outcome == Outcome::refused);
  CHECK(refused.reason == "this login has no right to run XGROUP CREATE");
}

TEST_CASE("a key of another type stops provisioning, also where TYPE is refused") {
  const auto by_type = read_stream(
      "s", std::vector{status("hash"), error("WRONGTYPE x"), error("WRONGTYPE x"), error("WRONGTYPE x"), number(5)});
  const auto by_error =
      read_stream("s", std::vector{kForbidden, error("WRONGTYPE x"), kForbidden, kForbidden, kForbidden});
  for (const auto& seen : {by_type, by_error}) {
    const auto judged = judge({wanted("s")}, {seen});
    CHECK(judged.plan.steps.empty());
    REQUIRE(judged.plan.problems.size() == 1);
    CHECK(judged.plan.problems.front().starts_with("s is a key of "));
    CHECK(judged.verdict == Verdict::wrong_type);
  }
}

TEST_CASE("verify: the exit status is that of the gravest finding") {
  const auto good = stream("s", 3, {group("g", "0-0", Value{}, 0)});
  const auto without_group = stream("s", 3, {});
  CHECK(judge({wanted("s", 3)}, {good}).findings.empty());
  CHECK(judge({wanted("s")}, {missing("s")}).verdict == Verdict::missing);
  CHECK(judge({wanted("s")}, {without_group}).findings.front().text ==
        "s, group g is missing: outboxd streams provision creates it");
  CHECK(judge({wanted("s", 1'000)}, {stream("s", 1'100, {group("g", "0-0", Value{}, 0)})}).verdict ==
        Verdict::as_declared);
  const auto over = judge({wanted("s", 1'000)}, {stream("s", 1'101, {group("g", "0-0", Value{}, 0)})});
  CHECK(over.verdict == Verdict::over_bound);
  CHECK(over.plan.warnings.front().starts_with("s has 1101 entries, and its bound is 1000: it is left as it is"));
  CHECK(judge({wanted("s", 1'000), wanted("t")}, {stream("s", 1'101, {}), missing("t")}).verdict == Verdict::missing);
  // Provisioning by scripts that add an init entry each time.
  CHECK(judge({Wanted{.name = "s", .bound = 1}}, {stream("s", 40, {})}).findings.empty());
}

TEST_CASE("what a right hides can't be known, and is no failure, unless it is everything") {
  auto no_groups = stream("s", 3, {});
  no_groups.groups.reset();
  no_groups.why_no_groups = "this login has no right to run XINFO GROUPS";
  const auto judged = judge({wanted("s")}, {no_groups});
  CHECK(judged.verdict == Verdict::as_declared);
  REQUIRE(judged.findings.size() == 1);
  CHECK(judged.findings.front().text ==
        "whether s, group g exists can't be known here: this login has no right to run XINFO GROUPS");
  CHECK(judge({wanted("s")}, {forbidden("s")}).verdict == Verdict::nothing_known);
  CHECK(
      judge({wanted("s"), wanted("t")}, {forbidden("s"), stream("t", 1, {group("g", "0-0", Value{}, 0)})}).verdict ==
      Verdict::as_declared);
}

TEST_CASE("streams that an error other than a missing right hides are not verified") {
  const auto moved = read_stream("s", std::vector(3, error("MOVED 1234 10.0.0.1:6379")));
  const auto good = stream("t", 1, {group("g", "0-0", Value{}, 0)});
  const auto over = stream("t", 5'000, {group("g", "0-0", Value{}, 0)});
  CHECK(judge({wanted("s"), wanted("t")}, {moved, good}).verdict == Verdict::nothing_known);
  CHECK(judge({wanted("s"), wanted("t", 10)}, {moved, over}).verdict == Verdict::over_bound);
  CHECK(judge({wanted("s"), wanted("t")}, {moved, missing("t")}).verdict == Verdict::missing);
}

TEST_CASE("whether the oldest pending entry is gone is unknown where XDEL may have removed it") {
  auto seen = stream("s", 5, {group("g", "1700000005000-0", Value{}, 1)});
  const auto gone = [&seen](std::uint64_t id, std::uint64_t deleted) {
    seen.info->max_deleted = redis::EntryId{.milliseconds = deleted, .sequence = 0};
    (*seen.groups)[0].oldest_pending = redis::PendingEntry{.id = {.milliseconds = id, .sequence = 0}};
    return report_of(wanted("s"), seen, true).groups.front().pending_gone;
  };
  CHECK(gone(1'700'000'004'000, 1'700'000'003'000) == false);
  CHECK(gone(1'700'000'004'000, 1'700'000'004'000) == std::nullopt);
  CHECK(gone(1'700'000'000'000, 1'700'000'004'000) == false);
  CHECK(gone(1'699'999'999'999, 0) == true);
  CHECK(gone(1'700'000'009'001, 1'700'000'009'001) == true);
}

TEST_CASE("each place keeps its reason, also if another one's name contains its own") {
  Report report;
  for (const auto* name : {"a.s.b", "s"}) report.streams.push_back(report_of(wanted(name), forbidden(name), true));
  CHECK(text_of(report, 0).find("run TYPE: a.s.b; s\n") != std::string::npos);
}

TEST_CASE("a dispatcher that cuts a stream below its declared bound is named") {
  auto one = wanted("s", 1'000);
  one.declared.maxlen = 1'000;
  one.cut_to = redis::Bound{.maxlen = 10};
  const auto judged = judge({one}, {stream("s", 3, {group("g", "0-0", Value{}, 0)})});
  CHECK(judged.verdict == Verdict::as_declared);
  CHECK(judged.findings.front().text.find("to other bounds than are declared: s (to 10, declared is 1000);") !=
        std::string::npos);
  // The other way round it grows over its bound for ever.
  one.cut_to = redis::Bound{.maxlen = 100'000};
  const auto larger = judge({one}, {stream("s", 5'000, {group("g", "0-0", Value{}, 0)})});
  CHECK(larger.verdict == Verdict::over_bound);
  CHECK(larger.findings.front().text.find("cut it to 100000 only. Set topology") != std::string::npos);
  CHECK(larger.findings.back().text.find("s (to 100000, declared is 1000);") != std::string::npos);
}

TEST_CASE("status: proved figures, and reasons where there are none") {
  auto one = wanted("s", 5);
  one.cut_to = redis::Bound{.maxlen = 5};
  one.declared.dead_letter = true;
  auto seen = stream("s", 5, {group("g", "0-0", Value{}, 0), group("mid", "1700000005000-0", Value{}, 2)});
  (*seen.groups)[1].oldest_pending =
      redis::PendingEntry{.id = {.milliseconds = 1, .sequence = 0}, .idle = std::chrono::seconds{90}};
  Report report{.server_time = std::chrono::milliseconds{1'700'000'010'000}, .streams = {}};
  report.streams.push_back(report_of(one, seen, false));
  const auto shown = text_of(report, 0);
  CHECK_MESSAGE(shown.find("\ns            5      5      5   10 s   1 s   512 B\n") != std::string::npos, shown);
  CHECK_MESSAGE(shown.find("\n  g            1        5        0            -     0        1\n") != std::string::npos,
                shown);
  CHECK_MESSAGE(shown.find("\n  mid          1  unknown        2         90 s     0  unknown\n") != std::string::npos,
                shown);
  CHECK(shown.find("\n  o     optional        -") != std::string::npos);
  CHECK(shown.find("dead letters: s has 5 entries\n") != std::string::npos);
  CHECK(shown.find("dead letters: s, group g has 5 entries to read or acknowledge\n") != std::string::npos);
  CHECK(shown.find("s, group g: the next XADD trims about 1 entry that it has not read") != std::string::npos);
  CHECK(shown.find("s, group mid: its oldest pending entry was trimmed or deleted") != std::string::npos);
  CHECK(shown.find("unknown: Redis has not counted what the group has read since it was created or moved: s, group "
                   "mid (lag, at most 4); s, group mid (at risk, at most 1)\n") != std::string::npos);
  const auto json = json_lines_of(report);
  CHECK(json.find(R"("group":"mid")") != std::string::npos);
  // Counted one by one, the figure is known although the lag isn't.
  (*seen.groups)[1].counted_at_risk = 0;
  const auto counted = report_of(one, seen, false).groups[1];
  CHECK_FALSE(counted.lag.number);
  CHECK(counted.at_risk.number == 0);
  CHECK(json.find(R"("lag":null,"lag_at_most":4,"lag_unknown":"Redis has not)") != std::string::npos);
  CHECK(json.find(R"("lag":5,"lag_at_most":5,"lag_unknown":null,"lost":0)") != std::string::npos);
  CHECK(json.find(R"("oldest_pending_idle_seconds":9)") != std::string::npos);
}

TEST_CASE("status: what a group has lost comes with the command that publishes it again") {
  auto one = wanted("s", 5);
  auto seen = stream("s", 5, {group("old", "1699999000000-0", number(3), 0)});
  seen.info->entries_added = 20;
  const auto shown_with = [&] {
    Report report{.server_time = std::chrono::milliseconds{1'700'000'010'000}, .streams = {}};
    report.streams.push_back(report_of(one, seen, false));
    return text_of(report, 0);
  };
  const std::string remedy = "outboxd replay --stream s --since 2023-11-14T21:55:40Z --until 2023-11-14T22:14:20Z";
  CHECK(shown_with().find(remedy) == std::string::npos);  // another program publishes to it
  one.cut_to = redis::Bound{.maxlen = 5};
  CHECK_MESSAGE(shown_with().find("s, group old: the rows of entries that it has lost are published again by " +
                                  remedy + " --dry-run  # ") != std::string::npos,
                shown_with());
  (*seen.groups)[0].group.last_delivered_id = "1700000009000-0";
  CHECK(shown_with().find("outboxd replay") == std::string::npos);
}

TEST_CASE("status: streams that are missing, of another type, or may not be looked at") {
  Report report;
  auto no_info = stream("d", 7, {group("g", "0-0", Value{}, 0)});
  no_info.info.reset();
  no_info.why_no_info = "this login has no right to run XINFO STREAM";
  const auto other = read_stream(
      "b", std::vector{status("hash"), error("WRONGTYPE x"), error("WRONGTYPE x"), error("WRONGTYPE x"), number(5)});
  for (const auto& seen : {missing("a"), other, forbidden("c"), no_info}) {
    report.streams.push_back(report_of(wanted(seen.name), seen, true));
  }
  const auto shown = text_of(report, 0);
  CHECK_MESSAGE(shown.find("\na            missing") != std::string::npos, shown);
  CHECK(shown.find("\nb       not a stream") != std::string::npos);
  CHECK(shown.find("\nc            unknown") != std::string::npos);
  CHECK(shown.find("b is a key of type hash, not a stream") != std::string::npos);
  CHECK(shown.find("unknown: this login has no right to run XINFO GROUPS: c\n") == std::string::npos);
  CHECK(shown.find("unknown: this login has no right to run TYPE: c\n") != std::string::npos);
  CHECK(shown.find("unknown: this login has no right to run XINFO STREAM: d\n") != std::string::npos);
  CHECK(json_lines_of(report).find(R"("state":"other_type","type":"hash")") != std::string::npos);
}

TEST_CASE("names from outside are cut to the terminal, and print no control characters") {
  const auto table = text_table({{"NAME", "N"}, {std::string(60, 'x'), "1"}, {"größe", "22"}}, 30);
  CHECK(table == "NAME" + std::string(24, ' ') + " N\n" + std::string(23, 'x') + "...   1\n" + "größe" +
                     std::string(21, ' ') + "  22\n");
  const auto hostile = stream("s", 1, {group("evil\x1b[2J\n", "0-0", Value{}, 0)});
  Report report;
  report.streams.push_back(report_of(wanted("s"), hostile, true));
  CHECK(text_of(report, 80).find('\x1b') == std::string::npos);
  CHECK(json_lines_of(report).find('\x1b') == std::string::npos);
}

TEST_CASE("a pending entry that XNACK has released has no idle time") {
  const auto entries = redis::read_pending(list({list({text("5-0"), text(""), number(-1), number(1)})}));
  REQUIRE(entries.size() == 1);
  CHECK(!entries.front().idle);
}

}  // namespace outboxd::streams
