// SPDX-License-Identifier: Apache-2.0
// What is at fault for a refusal, judged by which other entries go through: as tables of writes, one after the other.
#include "outbox/refusals.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd {
namespace {

using namespace std::chrono_literals;

/// One write: words of three characters, each an entry. Its row's number, its stream, and what Redis says: '+' taken,
/// '?' unknown words, '!' other unknown words, 'W' words about this stream, 'O' words about all entries, 'u' no
/// answer.
struct Write {
  const char* sent;
  /// One letter an entry: P taken, E the entry's fault, e the entry's if a probe confirms it, S the stream's,
  /// R Redis refuses all entries, ? not known, U unanswered, u unanswered and singled out.
  const char* judged;
};

struct Case {
  const char* name;
  std::vector<Write> writes;
};

const std::vector<Case> kCases{
    {"everything is refused, whatever the words, for as long as it lasts",
     {{"1a? 2a? 3b?", "RRR"}, {"1a? 2a? 3b?", "RRR"}, {"1aO 3b?", "RR"}, {"1a+ 2a+ 3b+", "PPP"}}},
    {"others of its stream are taken after it", {{"1a+ 2a? 3a+", "PEP"}, {"2a? 4a+", "EP"}}},
    {"others of its stream are taken before it, which an outage looks like as well", {{"1a+ 2a? 3a?", "P??"}}},
    {"an outage that begins inside a write", {{"1a+ 2a? 3b?", "P?S"}, {"2a? 3b? 4a?", "RRR"}}},
    {"others of its stream are taken since it was refused", {{"1a?", "R"}, {"2a+", "P"}, {"1a?", "e"}}},
    {"… but a fresh row is refused with it now: an outage", {{"1a?", "R"}, {"2a+", "P"}, {"1a? 3a?", "RR"}}},
    {"others of other streams are taken", {{"1a? 2b+", "SP"}, {"1a?", "R"}, {"2b+", "P"}, {"1a?", "S"}}},
    {"a stream that was taken again begins anew", {{"1a? 2b+", "SP"}, {"1a+", "P"}, {"2b+", "P"}, {"3a?", "R"}}},
    {"the words say that it is the stream", {{"1aW", "S"}, {"1aW 2b+", "SP"}, {"1aW 2bW", "SS"}}},
    {"the words say that it is the stream, while others of it are taken", {{"1aW 2a+", "?P"}, {"1aW 2a+", "EP"}}},
    {"the words blame all entries, while others of its stream are taken", {{"1aO 2a+", "?P"}, {"1aO 3a+", "EP"}}},
    {"the words blame all entries, and others of its stream are taken since",
     {{"1aO", "R"}, {"2a+", "P"}, {"1aO", "e"}}},
    {"the words blame all entries, while other streams are taken: a proxy with one unreachable server",
     {{"1aO 2b+", "SP"}, {"2b+", "P"}, {"1aO", "S"}}},
    {"words that a row was refused with before it was taken are no row's fault",
     {{"1a? 2a+", "EP"}, {"1a+", "P"}, {"3a? 4a+", "?P"}, {"5a! 6a+", "EP"}}},
    {"an unanswered row is singled out when it is alone, and others were taken since",
     {{"1au 2au", "UU"}, {"1au", "U"}, {"2a+", "P"}, {"1au", "u"}, {"1au", "U"}}},
    {"a refusal of all entries is no answer to a row", {{"1au", "U"}, {"1a?", "R"}, {"2a+", "P"}, {"1au", "u"}}},
};

Reply told(char what) {
  switch (what) {
    case '+':
      return {Fault::none, "1-1"};
    case '?':
      return {Fault::refused, "upstream failure 17"};
    case '!':
      return {Fault::refused, "ERR value is too large"};
    case 'W':
      return {Fault::stream_refused, "WRONGTYPE"};
    case 'O':
      return {Fault::redis_unavailable, "OOM"};
    default:
      return {Fault::unanswered, "no answer in time"};
  }
}

char letter_of(const Reply& reply) {
  switch (reply.fault) {
    case Fault::none:
      return 'P';
    case Fault::entry_refused:
      return 'E';
    case Fault::stream_refused:
      return 'S';
    case Fault::redis_unavailable:
      return 'R';
    case Fault::refused:
      return '?';
    case Fault::unanswered:
      return reply.singled_out ? 'u' : 'U';
    default:
      return 'x';
  }
}

std::string judge(Refusals& refusals, const std::string& sent, Refusals::TimePoint now) {
  std::deque<Reply> replies;
  std::vector<SentEntry> entries;
  for (std::size_t at = 0; at < sent.size(); at += 4) {
    auto& reply = replies.emplace_back(told(sent[at + 2]));
    entries.push_back({std::string_view{sent}.substr(at, 1), std::string_view{sent}.substr(at + 1, 1), &reply});
  }
  const auto unsure = refusals.judge(entries, now);
  std::string letters;
  for (const auto& entry : entries) {
    const bool is_unsure = std::ranges::find(unsure, entry.reply, &SentEntry::reply) != unsure.end();
    letters += is_unsure ? 'e' : letter_of(*entry.reply);
  }
  return letters;
}

constexpr Refusals::TimePoint kStart{1h};

}  // namespace

TEST_CASE("the fault of a refusal is judged by which other entries go through") {
  for (const auto& [name, writes] : kCases) {
    CAPTURE(name);
    Refusals refusals;
    auto now = kStart;
    for (const auto& [sent, judged] : writes) {
      CAPTURE(sent);
      CHECK(judge(refusals, sent, now) == judged);
      now += 2s;
    }
  }
}

TEST_CASE("an answered probe shows that Redis does not refuse all entries") {
  Refusals refusals;
  CHECK(judge(refusals, "1a?", kStart) == "R");
  refusals.served();
  CHECK(judge(refusals, "1a?", kStart) == "S");
  CHECK(judge(refusals, "2b?", kStart) == "R");
}

TEST_CASE("refusals are forgotten after a while") {
  Refusals refusals;
  CHECK(judge(refusals, "1a? 2a+", kStart) == "EP");
  CHECK(judge(refusals, "1a+", kStart) == "P");
  CHECK(judge(refusals, "3a? 2a+", kStart + 9min) == "?P");
  CHECK(judge(refusals, "4a? 2a+", kStart + 11min) == "EP");
  CHECK(judge(refusals, "1au", kStart + 12min) == "U");
  CHECK(refusals.was_unanswered("1"));
  CHECK(refusals.isolates(kStart + 13min));
  CHECK_FALSE(refusals.isolates(kStart + 14min));
  CHECK(judge(refusals, "2a+", kStart + 23min) == "P");
  CHECK_FALSE(refusals.was_unanswered("1"));
}

TEST_CASE("the memory is bounded, and rows beyond it are judged as new ones") {
  Refusals refusals;
  for (std::size_t i = 0; i < Refusals::kMostRemembered + 10; ++i) {
    const auto name = std::to_string(i);
    auto refused = told('?');
    auto unanswered = told('u');
    const std::vector<SentEntry> sent{{name, name, &refused}, {name, name, &unanswered}};
    refusals.judge(sent, kStart);
  }
  CHECK(refusals.was_unanswered("0"));
  CHECK_FALSE(refusals.was_unanswered(std::to_string(Refusals::kMostRemembered + 1)));
}

}  // namespace outboxd
