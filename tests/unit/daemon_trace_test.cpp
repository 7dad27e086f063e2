// SPDX-License-Identifier: Apache-2.0
// What `outboxd trace` makes of the facts that it has read: states, absence, progress of groups, and what is next.
#include "daemon/trace/render.hpp"
#include "daemon/trace/row_story.hpp"
#include "daemon/trace/stream_story.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace outboxd::daemon::trace {
namespace {

constexpr Milliseconds kTraceNow{1'790'000'000'000};
constexpr Milliseconds kSecond{1'000};
constexpr Milliseconds kHour{3'600'000};

Moment moment(Milliseconds time) {
  return {.text = "T" + std::to_string(time.count()), .since_epoch = time};
}

RowFacts row_facts(const std::function<void(RowFacts&)>& change = {}) {
  RowFacts row{.table = "\"public\".\"event_outbox\"",
               .dispatchers = {{.name = "d", .takes_row = true, .max_attempts = 10, .lease = 30 * kSecond}},
               .id = "id-1",
               .stream = "s",
               .is_pending = true,
               .created = moment(kTraceNow - kHour),
               .due = moment(kTraceNow - 300 * kSecond),
               .now = kTraceNow};
  if (change) change(row);
  return row;
}

void publish(RowFacts& row) {
  row.is_pending = false;
  row.is_published = true;
  row.published = moment(kTraceNow - 1'800 * kSecond);
}

redis::EntryId id_at(Milliseconds time) {
  return {.milliseconds = static_cast<std::uint64_t>(time.count())};
}

/// A stream that was trimmed up to an entry that is younger than the row.
StreamFacts trimmed_stream(const std::function<void(StreamFacts&)>& change = {}) {
  StreamFacts stream{.server = "r", .stream = "s"};
  stream.info = redis::StreamInfo{.length = 10,
                                  .first = id_at(kTraceNow - 60 * kSecond),
                                  .last = id_at(kTraceNow),
                                  .last_generated = id_at(kTraceNow),
                                  .entries_added = 100,
                                  .max_deleted = redis::EntryId{}};
  stream.groups = {{.name = "ahead", .last_delivered_id = "1789999999000-0", .consumers = 1},
                   {.name = "behind", .last_delivered_id = "1000-0", .consumers = 1}};
  stream.now = kTraceNow;
  stream.clock_ahead = Milliseconds{0};
  if (change) change(stream);
  return stream;
}

std::string all_of(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += text + "\n";
  return all;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("trace: the state of a row, and what happens next with it") {
  struct StateCase {
    std::string name;
    std::function<void(RowFacts&)> change;
    std::string state;
    std::string next;
  };
  const std::string worker = "outboxd:db-1:77:0a1b2c3d:audit";
  for (const auto& [name, change, state, next] : std::vector<StateCase>{
           {"due", {}, "pending", "it is due now and waits for a dispatcher: none has claimed it for 5 min"},
           {"locked", [](RowFacts& row) { row.locked_by = {"pid 7 of role api"}; }, "pending",
            "a transaction keeps it locked, so no dispatcher claims it before that ends: pid 7 of role api"},
           {"lease over",
            [&](RowFacts& row) {
              row.attempts = 2;
              row.leased_by = worker;
              row.leased_until = moment(kTraceNow - kSecond);
            },
            "pending", "ended at T1789999999000 without an outcome"},
           {"exhausted", [](RowFacts& row) { row.attempts = 10; }, "pending", "the next claim makes it dead"},
           {"leased",
            [&](RowFacts& row) {
              row.leased_by = worker;
              row.leased_until = moment(kTraceNow + 12 * kSecond);
            },
            "leased",
            "the lease of instance outboxd:db-1:77:0a1b2c3d:audit (host db-1, pid 77, dispatcher audit) ends at "
            "T1790000012000 (in 12 s): it publishes"},
           {"leased by a dead one",
            [&](RowFacts& row) {
              row.leased_by = worker;
              row.leased_until = moment(kTraceNow + 12 * kSecond);
              row.holder = Holder::gone;
            },
            "leased", "that instance is gone: a running dispatcher takes the row over"},
           {"leased without lease columns",
            [](RowFacts& row) {
              row.has_lease_columns = false;
              row.due = moment(kTraceNow + 12 * kSecond);
            },
            "leased", "a dispatcher has it until T1790000012000 (in 12 s)"},
           {"retry",
            [](RowFacts& row) {
              row.attempts = 3;
              row.due = moment(kTraceNow + 40 * kSecond);
            },
            "scheduled", "attempt 4 of 10 follows at T1790000040000 (in 40 s)"},
           {"retry or lease",
            [](RowFacts& row) {
              row.has_lease_columns = false;
              row.attempts = 3;
              row.due = moment(kTraceNow + 20 * kSecond);
            },
            "scheduled", "attempt 4 of 10 follows at T1790000020000 (in 20 s); or a dispatcher has it until then"},
           {"later", [](RowFacts& row) { row.due = moment(kTraceNow + kHour); }, "scheduled",
            "it is due at T1790003600000 (in 60 min)"},
           {"never", [](RowFacts& row) { row.due = {.text = "infinity"}; }, "scheduled",
            "nothing: it is due at infinity"},
           {"dead",
            [](RowFacts& row) {
              row.is_dead = true;
              row.id = "it's";
            },
            "dead",
            "nothing: it is dead; once the cause of its error is mended, `outboxd dead requeue --dispatcher d --id "
            "'it'\\''s'` makes it due again"},
           {"discarded",
            [](RowFacts& row) {
              row.is_published = true;
              row.published = {.text = "1970-01-01T00:00:00Z", .since_epoch = Milliseconds{0}};
            },
            "discarded", "nothing: it was discarded"},
           {"published", publish, "published", ""},
           {"another word",
            [](RowFacts& row) {
              row.is_pending = false;
              row.status = "paused";
            },
            "other", "nothing: its status \"paused\" is none"},
           {"taken by none", [](RowFacts& row) { row.dispatchers.front().takes_row = false; }, "pending",
            "nothing: none of the chosen dispatchers takes it"}}) {
    CAPTURE(name);
    const auto row = row_facts(change);
    CHECK(std::string{to_string(state_of(row))} == state);
    CHECK_MESSAGE(has(next_of(row), next), next_of(row));
    CHECK(next_of(row).empty() == next.empty());
  }
  CHECK(described_worker("other:program") == "other:program");
  CHECK(described_worker("") == "(without a name)");
  CHECK(described_worker("pooled:h:7:0a1b2c3d") == "pooled:h:7:0a1b2c3d (host h, pid 7)");
}

TEST_CASE("trace: a published row's entry is gone by trimming only where ids and counters prove it") {
  struct AbsenceCase {
    std::string name;
    std::function<void(StreamFacts&)> change;
    std::string what;
    std::string why;
  };
  for (const auto& [name, change, what, why] : std::vector<AbsenceCase>{
           {"first entry is younger", {}, "trimmed", "before the stream's first one, 1789999940000-0"},
           {"emptied", [](StreamFacts& it) { it.info->first.reset(); }, "trimmed", "all its entries were trimmed"},
           {"deleted before the row was created",
            [](StreamFacts& it) { it.info->max_deleted = id_at(kTraceNow - 2 * kHour); }, "trimmed",
            "none was deleted one by one"},
           {"deleted since", [](StreamFacts& it) { it.info->max_deleted = id_at(kTraceNow - 1'900 * kSecond); },
            "unknown", "trimmed or deleted: entries up to 1789998100000-0"},
           {"first entry is about as old",
            [](StreamFacts& it) { it.info->first = id_at(kTraceNow - 1'800 * kSecond); }, "unknown",
            "perhaps trimmed"},
           {"reaches back far enough", [](StreamFacts& it) { it.info->first = id_at(kTraceNow - 2 * kHour); },
            "missing", "the stream reaches back to"},
           {"nothing was removed", [](StreamFacts& it) { it.info->entries_added = 10; }, "missing", "created anew"},
           {"no counters", [](StreamFacts& it) { it.info->entries_added.reset(); }, "unknown", "doesn't count"},
           {"ids ahead of the clock", [](StreamFacts& it) { it.info->last_generated = id_at(kTraceNow + kHour); },
            "unknown", "ahead of Redis' clock"},
           {"XINFO refused",
            [](StreamFacts& it) {
              it.info.reset();
              it.why_no_info = "no right to run XINFO STREAM";
            },
            "unknown", "no right to run XINFO STREAM"},
           {"no stream", [](StreamFacts& it) { it.is_missing = true; }, "missing", "there is no such stream"},
           {"another type", [](StreamFacts& it) { it.problem = "not a stream"; }, "unknown", "not a stream"},
           {"bounded out, yet proved", [](StreamFacts& it) { it.search.why_incomplete = "stopped"; }, "trimmed",
            "whether it was published again later is not known: stopped"},
           {"bounded out",
            [](StreamFacts& it) {
              it.info->first = id_at(kTraceNow - 2 * kHour);
              it.search.why_incomplete = "stopped";
            },
            "unknown", "stopped"}}) {
    CAPTURE(name);
    const auto stream = trimmed_stream(change);
    const auto row = row_facts(publish);
    const auto verdict = absence_of(stream, &row);
    CHECK(std::string{to_string(verdict.what)} == what);
    CHECK_MESSAGE(has(verdict.why, why), verdict.why);
  }
  // Without a time of publishing, or for a row that was never published, nothing is proved.
  auto row = row_facts(publish);
  row.published = {};
  CHECK(absence_of(trimmed_stream(), &row).what == Absence::unknown);
  CHECK(has(all_of(next_of(trimmed_stream(), &row)), "where its entry is can't be known here; `outboxd replay`"));
  // A row that was not published is never said to be: of a key that is no stream, nothing follows.
  const auto no_stream = trimmed_stream([](auto& it) { it.problem = "this key is not a stream"; });
  row = row_facts();
  CHECK(absence_of(no_stream, &row).what == Absence::unknown);
  CHECK(next_of(no_stream, &row).empty());
  CHECK(absence_of(trimmed_stream(), &row).what == Absence::not_written);
  CHECK(absence_of(trimmed_stream(), nullptr).what == Absence::unknown);
}

TEST_CASE("trace: groups that stood before a trimmed entry never read it") {
  const auto row = row_facts(publish);
  CHECK(groups_that_lost_it(trimmed_stream(), row) == std::vector<std::string>{"behind"});
  CHECK(has(all_of(next_of(trimmed_stream(), &row)), "gone by trimming; group behind never read it"));
  const auto reaches_back = trimmed_stream([](auto& it) { it.info->first = id_at(kTraceNow - 2 * kHour); });
  CHECK(groups_that_lost_it(reaches_back, row).empty());
}

TEST_CASE("trace: how far a group has come with an entry, and what it does next") {
  struct GroupCase {
    GroupFacts facts;
    std::string progress;
    std::string next;
  };
  for (const auto& [facts, progress, next] : std::vector<GroupCase>{
           {{.group = {.name = "g", .last_delivered_id = "4-0", .consumers = 1}}, "unread", "group g reads it next"},
           {{.group = {.name = "g", .last_delivered_id = "0-0"}}, "unread", "once it has a consumer"},
           {{.group = {.name = "g", .last_delivered_id = "5-0", .consumers = 1}},
            "passed",
            "nothing: no consumer group of s has it pending or unread"},
           {{.group = {.name = "g", .last_delivered_id = "9-0"}},
            "passed",
            "nothing: no consumer group of s has it pending or unread"},
           {{.group = {.name = "g", .last_delivered_id = "9-0", .consumers = 1},
           .pending = PendingDelivery{.consumer = "c", .idle = kSecond, .deliveries = 2}},
            "pending",
            "consumer c of group g acknowledges it"},
           {{.group = {.name = "g", .last_delivered_id = "9-0", .consumers = 1}, .pending = PendingDelivery{}},
            "pending",
            "a consumer gave it back"},
           {{.group = {.name = "g", .last_delivered_id = "9-0", .consumers = 1}, .why_unknown = "no XPENDING"},
            "unknown",
            "group g: what it does can't be known here"},
           // It can't have an entry that it has not read.
           {{.group = {.name = "g", .last_delivered_id = "1-0", .consumers = 1}, .why_unknown = "no XPENDING"},
            "unread",
            "reads it next"}}) {
    CAPTURE(next);
    CHECK(std::string{to_string(progress_of("5-0", facts))} == progress);
    StreamFacts stream{.stream = "s", .entries = {{.id = "5-0", .groups = {facts}}}};
    stream.groups = {facts.group};
    CHECK_MESSAGE(has(all_of(next_of(stream, nullptr)), next), all_of(next_of(stream, nullptr)));
  }
  StreamFacts stream{.stream = "s", .entries = {{.id = "5-0"}}};
  stream.groups.emplace();
  CHECK(has(all_of(next_of(stream, nullptr)), "nothing: stream s has no consumer group"));
  stream.entries.front().judgement = Judgement{.fault = SignatureFault::field_added};
  CHECK(has(all_of(next_of(stream, nullptr)), "skip and acknowledge"));
  auto row = row_facts();
  CHECK(has(all_of(next_of(stream, &row)), "recognise the repeat by its outbox_id"));
  row.is_dead = true;
  CHECK(has(all_of(next_of(stream, &row)), "its entry is there although the row is dead"));
}

TEST_CASE("trace: where an entry is searched: first where it most likely is, and each part once") {
  const auto texts = [](const std::vector<EntryRange>& ranges) {
    std::string text;
    for (const auto& range : ranges) text += range.from + ".." + range.to + " ";
    return text;
  };
  const Milliseconds million{1'000'000};
  CHECK(texts(ranges_to_search({}, {})) == "-..+ ");
  CHECK(texts(ranges_to_search({}, million)) == "940000..+ -..939999 ");
  CHECK(texts(ranges_to_search({.after = million}, {})) == "1000000..+ ");
  CHECK(texts(ranges_to_search({.after = Milliseconds{500'000}, .before = million}, {})) ==
        "938000..941000 880000..937999 941001..1000000 500000..879999 1000001..+ ");
  CHECK(texts(ranges_to_search({.after = Milliseconds{939'000}, .before = million}, {})) ==
        "939000..941000 941001..1000000 1000001..+ ");

  auto row = row_facts(publish);
  row.clock_ahead = 5 * kSecond;
  // By Redis' clock, which is three seconds ahead of Postgres'.
  auto when = added_when(row, 8 * kSecond);
  CHECK(when.after == kTraceNow - kHour + 3 * kSecond - 60 * kSecond);
  CHECK(when.before == kTraceNow - 1'800 * kSecond + 3 * kSecond + 60 * kSecond);
  when = added_when(row, std::nullopt);
  CHECK(when.after == kTraceNow - kHour - 600 * kSecond);
  CHECK(!added_when(row_facts(), kSecond).before);
  row.due = moment(kTraceNow - 2 * kHour);
  CHECK(added_when(row, 5 * kSecond).after == kTraceNow - 2 * kHour - 60 * kSecond);

  CHECK(time_in_uuid7("0197f3a0-0000-7000-8000-000000000001") == Milliseconds{0x0197f3a00000});
  CHECK(!time_in_uuid7("0197f3a0-0000-4000-8000-000000000001"));
  CHECK(!time_in_uuid7("order-17"));
}

TEST_CASE("trace: exit status, and texts of strangers without control characters, within the width") {
  Facts facts{.id = "id-1"};
  CHECK(exit_status_of(facts) == 1);
  facts.is_partial = true;
  CHECK(exit_status_of(facts) == 3);
  facts.is_partial = false;
  facts.stories.emplace_back().streams.push_back({.search = {.why_incomplete = "stopped"}});
  CHECK(exit_status_of(facts) == 3);
  facts.stories.front().row = row_facts([](RowFacts& row) {
    row.stream = "s\x1b[31m";
    row.last_error = "evil\nline " + std::string(500, 'x');
  });
  CHECK(exit_status_of(facts) == 0);
  facts.is_partial = true;
  CHECK(exit_status_of(facts) == 0);
  facts.is_unreachable = true;
  CHECK(exit_status_of(facts) == 3);

  const auto text = text_of(facts, 60);
  CHECK(has(text, "stream        s\\x1b[31m\n"));
  CHECK(has(text, "last error    evil\\nline\n                xxx"));
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  CHECK(longest <= 60);
  CHECK_FALSE(has(text, "claimed by"));
  facts.stories.front().row = row_facts([](RowFacts& row) {
    publish(row);
    row.leased_by = "outboxd:h:8:00000000";
  });
  CHECK(has(text_of(facts, 0), "  claimed by    outboxd:h:8:00000000 (host h, pid 8)\n"));
  facts.stories.front().row = row_facts([](RowFacts& row) { row.stream = "s\x1b[31m"; });
  const auto json = json_of(facts);
  CHECK(has(json, R"({"id":"id-1","found":true,"stories":[{"row":{"table":"\"public\".\"event_outbox\"",)"));
  CHECK(has(json, R"("stream":"s\u001b[31m","state":"pending",)"));
  CHECK(json.find('\n') == json.size() - 1);
}

}  // namespace outboxd::daemon::trace
