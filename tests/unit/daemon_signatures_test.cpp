// SPDX-License-Identifier: Apache-2.0
// What `outboxd streams check-signatures` finds out and prints.
#include "daemon/signatures/entry_range.hpp"
#include "daemon/signatures/judge.hpp"
#include "daemon/signatures/page_size.hpp"
#include "daemon/signatures/signature_report.hpp"
#include "daemon/signatures/signing_keys.hpp"
#include "daemon/signatures/stream_reader.hpp"
#include "entry/encoder.hpp"
#include "entry/signer.hpp"
#include "entry/strict_signature.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::daemon {
namespace {

using entry::Field;
using Fields = std::vector<Field>;

const std::vector<std::uint8_t> kOldKey(32, 1);
const std::vector<std::uint8_t> kNewKey(32, 2);
const std::vector<std::uint8_t> kUnknownKey(32, 3);
constexpr EntryTime kNow{std::chrono::milliseconds{1'790'000'000'000}};

Judge judge_of(JudgeRules rules = {.stream = "s", .other_streams = {"t", "s"}}) {
  std::vector<entry::Verifier> keys;
  keys.emplace_back(kNewKey);
  keys.emplace_back(kOldKey);
  return Judge{std::move(rules), std::move(keys)};
}

Fields signed_fields(Fields fields, const std::vector<std::uint8_t>& key = kNewKey, const std::string& stream = "s") {
  fields.push_back({"_sig", entry::Signer{key}.sign(stream, fields)});
  return fields;
}

Fields strictly_signed(Fields fields, const std::vector<std::uint8_t>& key = kNewKey,
                       const std::string& stream = "s") {
  entry::Signer signer{key};
  fields.push_back({"_sig2", entry::strict_signature(signer, entry::key_id(key), kNow, stream, fields)});
  return signed_fields(std::move(fields), key, stream);
}

Judgement judged(Judge& judge, const Fields& fields, EntryTime added_at = kNow) {
  std::vector<entry::FieldView> views;
  for (const auto& field : fields) views.push_back({field.name, field.value});
  return judge.judge(views, added_at);
}

std::string fault_of(const Fields& fields, JudgeRules rules = {.stream = "s", .other_streams = {"t", "s"}}) {
  auto judge = judge_of(std::move(rules));
  const auto judgement = judged(judge, fields);
  return std::string{to_string(judgement.fault)} + (judgement.detail.empty() ? "" : " " + judgement.detail);
}

SignatureReport report_of() {
  return {.stream = "s", .server = "redis:6379/0", .keys = {{"new.key", "id-new"}, {"old.key", "id-old"}}};
}

const Fields kFields{{"outbox_id", "o-1"}, {"größe", "ä=\nb"}, {"n", "1"}};

}  // namespace

TEST_CASE("a well signed entry names the key that signed it, wherever that stands") {
  auto judge = judge_of();
  for (int i = 0; i < 2; ++i) {
    CHECK(judged(judge, signed_fields(kFields, kOldKey)).key == 1);
    CHECK(judged(judge, signed_fields(kFields, kNewKey)).key == 0);
  }
  const auto judgement = judged(judge, signed_fields({{"a", "1"}}));
  CHECK(judgement.fault == SignatureFault::none);
  CHECK(!judgement.has_sig2);
  CHECK(!judgement.is_ambiguous);
  CHECK(judged(judge, signed_fields({{"a=b", "1"}})).is_ambiguous);
}

TEST_CASE("what is wrong with an entry that is not well signed, where that can be told") {
  const std::string mac(64, 'a');
  CHECK(fault_of(kFields) == "no_signature");
  CHECK(fault_of({}) == "no_signature");
  CHECK(fault_of({{"_sig", mac}, {"_sig", mac}}) == "several_signatures");
  CHECK(fault_of({{"_sig", "A"}}) == "malformed_signature");
  CHECK(fault_of(signed_fields(kFields, kOldKey, "t")) == "other_stream t");
  CHECK(fault_of(signed_fields(kFields, kOldKey, "unknown")) == "cannot_tell");
  CHECK(fault_of(signed_fields(kFields, kUnknownKey)) == "cannot_tell");
  for (std::size_t at = 0; at <= 4; ++at) {
    auto fields = signed_fields(kFields);
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at), {"added", "x"});
    CHECK(fault_of(fields) == "field_added added");
  }
  auto twice = signed_fields(kFields);
  twice.push_back({"n", "2"});
  CHECK(fault_of(twice) == "field_added n");
  auto changed = signed_fields(kFields);
  changed[2].value = "2";
  CHECK(fault_of(changed) == "cannot_tell");
}

TEST_CASE("with _sig2 more can be told") {
  auto judge = judge_of();
  const auto good = strictly_signed(kFields, kOldKey);
  const auto judgement = judged(judge, good);
  CHECK(judgement.fault == SignatureFault::none);
  CHECK(judgement.key == 1);
  CHECK(judgement.has_sig2);
  CHECK(!judged(judge, strictly_signed({{"a=b", "1"}})).is_ambiguous);

  auto fields = good;
  fields[2].value = "2";
  CHECK(fault_of(fields) == "fields_changed");
  fields = good;
  fields.back().value = std::string(64, '0');
  CHECK(fault_of(fields) == "signature_changed");
  CHECK(fault_of(strictly_signed(kFields, kUnknownKey)) == "unknown_key " + entry::key_id(kUnknownKey));
  CHECK(fault_of(strictly_signed(kFields, kOldKey, "t")) == "other_stream t");
  fields = good;
  std::swap(fields[0], fields[1]);
  CHECK(fault_of(fields) == "sig2_wrong");
  fields = good;
  std::swap(fields[2], fields[3]);
  CHECK(fault_of(fields) == "sig2_malformed");
  // The ambiguity of `_sig`: one field is two, without another signature.
  fields = {{"reason", "x\nvictim=v"}};
  fields = strictly_signed(fields);
  fields[0] = {"reason", "x"};
  fields.insert(fields.begin() + 1, {"victim", "v"});
  CHECK(fault_of(fields) == "sig2_wrong");
}

TEST_CASE("_sig2: late entries, missing ones, and a payload's own field of that name") {
  auto judge = judge_of();
  const auto good = strictly_signed(kFields);
  CHECK(judged(judge, good, kNow + kLateAfter).fault == SignatureFault::none);
  CHECK(judged(judge, good, kNow + kLateAfter + std::chrono::milliseconds{1}).fault == SignatureFault::sig2_late);
  CHECK(judged(judge, good, EntryTime::max()).fault == SignatureFault::sig2_late);
  CHECK(judged(judge, good, *time_of("18446744073709551615-0")).fault == SignatureFault::sig2_late);
  CHECK(judged(judge, good, kNow - kLateAfter).fault == SignatureFault::none);
  CHECK(judged(judge, good, kNow - kLateAfter - std::chrono::milliseconds{1}).fault == SignatureFault::sig2_early);
  CHECK(judged(judge, good, EntryTime{}).fault == SignatureFault::sig2_early);
  const auto foreign = signed_fields({{"_sig2", "theirs"}});
  CHECK(judged(judge, foreign).fault == SignatureFault::none);
  CHECK(judged(judge, foreign).has_foreign_sig2);
  const JudgeRules strict{.stream = "s", .other_streams = {}, .needs_sig2 = true};
  CHECK(fault_of(signed_fields(kFields), strict) == "sig2_missing");
  CHECK(fault_of(foreign, strict) == "sig2_malformed");
  CHECK(fault_of(good, strict) == "none");
}

TEST_CASE("an entry of very many fields is judged without trying each of them") {
  Fields fields;
  for (int i = 0; i < 20'000; ++i) fields.push_back({"f" + std::to_string(i), "v"});
  fields = signed_fields(std::move(fields));
  CHECK(fault_of(fields) == "none");
  fields.push_back({"added", ""});
  CHECK(fault_of(fields) == "cannot_tell");
}

TEST_CASE("the report: counts, exit status, strangers' words cut and printable, no values") {
  auto report = report_of();
  CHECK(exit_status_of(report) == 0);
  report.add("1-0", {.key = 0, .has_sig2 = true});
  report.add("2-0", {.key = 1, .is_ambiguous = true});
  CHECK(exit_status_of(report) == 0);
  report.is_complete = false;
  CHECK(exit_status_of(report) == 2);
  report.is_complete = true;
  report.add("3-0", {.fault = SignatureFault::no_signature});
  const Judgement added{
      .fault = SignatureFault::field_added, .key = 1, .detail = "x\n\x1b[31m" + std::string(200, 'y')};
  report.add("4-0", added);
  CHECK(exit_status_of(report) == 1);
  CHECK(report.wrong() == 1);
  CHECK(text_of("4-0", added, report) == "4-0  WRONG  field \"x\\n\\x1b[31m" + std::string(93, 'y') +
                                             "...\" was added: without it the signature is right, with key id-old "
                                             "(old.key)\n");
  CHECK(json_line_of("4-0", {.fault = SignatureFault::other_stream, .key = 0, .detail = "t\n\xff"}, report) ==
        R"({"type":"entry","stream":"s","id":"4-0","verdict":"wrong","reason":"other_stream","field":null,)"
        "\"other_stream\":\"t\\n\xEF\xBF\xBD\",\"key_id\":\"id-new\"}\n");
  CHECK(json_line_of(report) ==
        R"({"type":"summary","stream":"s","server":"redis:6379/0","first_id":"1-0","last_id":"4-0","entries":4,)"
        R"("well_signed":2,"wrong":1,"unsigned":1,"with_sig2":1,"ambiguous":1,"with_foreign_sig2":0,"keys":[)"
        R"({"file":"new.key","key_id":"id-new","entries":1},{"file":"old.key","key_id":"id-old","entries":1}],)"
        R"("reasons":{"no_signature":1,"field_added":1},"unread":null,"unlisted":0,"complete":true})"
        "\n");
  CHECK(text_of(report) ==
        "s at redis:6379/0: 4 entries, 1-0 to 4-0\n"
        "  well signed                      2\n"
        "    key id-new                     1  new.key\n"
        "    key id-old                     1  old.key\n"
        "    with a right _sig2             1\n"
        "  wrongly signed                   1\n"
        "    field_added                    1\n"
        "  unsigned                         1\n"
        "ambiguous: 1 well signed entry has a _sig that also fits another entry; consumers should refuse it: "
        "signing.ambiguous = \"dead\" or signing.strict prevents it\n");
}

TEST_CASE("the report of what a group has not acknowledged says which keys it still needs") {
  auto report = report_of();
  report.unread = UnreadCounts{.group = "g", .pending = 3, .gone = 2};
  report.add("1-0", {.key = 0});
  const auto text = text_of(report);
  CHECK(text.find("group g: 1 unacknowledged entry checked, of which 1 pending; 2 pending ones are no longer in the "
                  "stream\n") != std::string::npos);
  CHECK(text.find("key id-new (new.key): group g still needs it for 1 entry\n") != std::string::npos);
  CHECK(text.find("key id-old (old.key): group g doesn't need it, once no dispatcher signs with it\n") !=
        std::string::npos);
  report.is_complete = false;
  CHECK(text_of(report).find("doesn't need it") == std::string::npos);
  // An entry whose key isn't known may need any of them.
  report.is_complete = true;
  report.add("2-0", {.fault = SignatureFault::cannot_tell});
  CHECK(text_of(report).find("doesn't need it") == std::string::npos);
}

TEST_CASE("the ends of a range: entry ids, times, and nothing else") {
  for (const std::string good : {"-", "+", "0", "1790000000123", "1790000000123-0", "(1790000000123-7"}) {
    CHECK(range_end(good, false) == good);
  }
  CHECK(range_end("2026-01-31T12:00:00Z", false) == "1769860800000");
  CHECK(range_end("2026-01-31T12:00:00Z", true) == "1769860800999");
  for (const std::string bad : {"", "x", "1-", "-1", "1-2-3", "(", "(-", "99999999999999999999999", "yesterday",
                                "1960-01-31T12:00:00Z", "1 "}) {
    CHECK_MESSAGE(!range_end(bad, false), bad);
  }
  CHECK(time_of("1790000000000-5") == kNow);
  CHECK(!time_of("x"));
  CHECK(time_of("9223372036854775807-0") == EntryTime::max());
  CHECK(time_of("18446744073709551615-0") == EntryTime::max());
}

TEST_CASE("pages have about a MiB, whatever the size of the entries") {
  PageSize page;
  const auto first = page.entries();
  page.arrived(first, first * 100);
  CHECK(page.entries() == 2 * first);
  for (int i = 0; i < 20; ++i) page.arrived(page.entries(), page.entries() * 100);
  CHECK(page.entries() == PageSize::kMost);
  page.arrived(100, 100 * PageSize::kTargetBytes);
  CHECK(page.entries() == 1);
  CHECK(!page.shrink());
  page.arrived(1, 1);
  CHECK(page.entries() == 2);
  page.arrived(0, 0);
  CHECK(page.entries() == 2);
  CHECK(page.shrink());
  CHECK(page.entries() == 1);
}

TEST_CASE("an answer that is no list of entries is refused") {
  using redis::Value;
  const auto text = [](const char* word) {
    return Value{.kind = Value::Kind::string, .text = word, .number = 0, .items = {}};
  };
  const auto array = [](std::vector<Value> items) {
    return Value{.kind = Value::Kind::array, .text = {}, .number = 0, .items = std::move(items)};
  };
  const auto good = array({array({text("1-0"), array({text("a"), text("1")})})});
  const auto entries = entries_of(good);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].fields.at(0).value == "1");
  CHECK(entries_of(array({})).empty());
  for (const auto& bad : {text("OK"), array({text("1-0")}), array({array({text("1-0"), array({text("a")})})}),
                          array({array({text("1-0")})})}) {
    CHECK_THROWS(entries_of(bad));
  }
}

TEST_CASE("the streams that an entry may come from: of each dispatcher, of the topology, and those named") {
  config::Settings settings;
  settings.dispatcher.streams = {"a"};
  settings.dispatcher.stream_maxlen = {{"b", 1}};
  const auto streams = known_streams({settings}, {"c", "a"});
  CHECK(streams.size() == 12);
  for (const std::string stream : {"a", "b", "c", "caracal.sessions.revoke"}) {
    CHECK(std::ranges::count(streams, stream) == 1);
  }
}

}  // namespace outboxd::daemon
