// SPDX-License-Identifier: Apache-2.0
// Eviction of connections, the limiter of token guesses, throttled pages, and the framing of requests.
#include "http/connection_slots.hpp"
#include "http/framing.hpp"
#include "http/guess_limiter.hpp"
#include "http/throttled_page.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace outboxd::http;

namespace {

using TimePoint = std::chrono::steady_clock::time_point;
constexpr TimePoint kNow{1h};

Slot since(Activity activity, std::chrono::milliseconds ago) {
  return {activity, kNow - ago};
}

}  // namespace

TEST_CASE("slots: evicts lingering connections, then blocked writers, then idle ones, and new ones last") {
  struct Case {
    std::vector<Slot> slots;
    std::size_t evicted;
  };
  const auto reading = Activity::reading;
  const auto writing = Activity::writing;
  for (const auto& [slots, evicted] : std::vector<Case>{
           {{since(reading, 4s)}, 0},
           {{since(reading, 1s), since(reading, 2s), since(reading, 1500ms)}, 1},
           {{since(reading, 4s), since(writing, 100ms), since(writing, 200ms)}, 2},
           {{since(reading, 4s), since(writing, 4s), since(Activity::lingering, 0ms)}, 2},
           {{since(writing, 10ms), since(reading, 60ms)}, 1},
           {{since(reading, 10ms), since(writing, 10ms), since(writing, 20ms)}, 2},
           {{since(reading, 10ms), since(Activity::held, 900ms)}, 1},
           {{since(reading, 60ms), since(Activity::held, 900ms)}, 0},
           {{since(writing, 20ms), since(Activity::held, 900ms)}, 0},
           {{since(reading, 10ms), since(reading, 20ms)}, 1},
       }) {
    CHECK(slot_to_evict(slots, kNow) == evicted);
  }
  CHECK_FALSE(slot_to_evict({}, kNow));
}

TEST_CASE("slots: as many as the descriptors allow, at most 64 and at least 4") {
  CHECK(slots_within(1024, 28) == 64);
  CHECK(slots_within(92, 28) == 64);
  CHECK(slots_within(64, 28) == 36);
  CHECK(slots_within(30, 28) == 4);
  CHECK(slots_within(16, 28) == 4);
}

TEST_CASE("guesses: five wrong tokens are checked at once; then the check of each token is delayed for a while") {
  GuessLimiter limiter;
  for (int i = 0; i < 5; ++i) {
    CHECK(limiter.delay(kNow) == 0ms);
    limiter.wrong(kNow);
  }
  CHECK(limiter.delay(kNow) == 1s);
  CHECK(limiter.delay(kNow + 100ms) == 0ms);
  for (int i = 0; i < 1'000; ++i) limiter.wrong(kNow);
  CHECK(limiter.delay(kNow + 55s) == 1s);
  CHECK(limiter.delay(kNow + 56s) == 0ms);
}

TEST_CASE("guesses: one peer's guesses delay no other peer, and peers beyond a thousand share one limiter") {
  GuessLimiters limiters;
  const auto guess = [&](const std::string& peer, TimePoint now) {
    for (int i = 0; i < 6; ++i) limiters.wrong(peer, now);
  };
  guess("10.0.0.1", kNow);
  CHECK(limiters.delay("10.0.0.1", kNow) == 1s);
  CHECK(limiters.delay("10.0.0.2", kNow) == 0ms);
  for (int i = 1; i < 1'000; ++i) guess("peer " + std::to_string(i), kNow);
  CHECK(limiters.delay("10.0.0.2", kNow) == 0ms);
  guess("one too many", kNow);
  CHECK(limiters.delay("one too many", kNow) == 1s);
  CHECK(limiters.delay("10.0.0.2", kNow) == 1s);
  // By then all limiters are at rest, and are dropped to make room.
  guess("another", kNow + 10s);
  CHECK(limiters.delay("another", kNow + 10s) == 1s);
  CHECK(limiters.delay("10.0.0.1", kNow + 10s) == 0ms);
  CHECK(limiters.delay("10.0.0.2", kNow + 10s) == 0ms);
}

TEST_CASE("a throttled page is rendered for each ordinary scrape, but seldom during a flood of requests") {
  auto now = kNow;
  int made = 0;
  ThrottledPage page(
      [&] {
        now += 10ms;
        return Page{200, std::to_string(++made)};
      },
      [&now] { return now; });
  // Each ordinary scrape gets a new page.
  for (int i = 1; i <= 100; ++i) {
    CHECK(page().body == std::to_string(i));
    now += 1s;
  }
  made = 0;
  const auto flood_begins = now;
  while (now < flood_begins + 10s) {
    CHECK(page().status == 200);
    now += 100us;
  }
  // The accumulated 200 ms, and a tenth of ten seconds, at 10 ms a page.
  CHECK(made >= 110);
  CHECK(made <= 125);
}

TEST_CASE("framing: a request whose end is ambiguous is refused") {
  using boost::beast::http::field;
  using boost::beast::http::status;
  struct Case {
    std::vector<std::pair<field, std::string>> header;
    std::optional<status> fault;
  };
  for (const auto& [header, fault] : std::vector<Case>{
           {{}, {}},
           {{{field::content_length, "0"}}, {}},
           {{{field::content_length, "5"}}, {}},
           {{{field::transfer_encoding, "chunked"}}, {}},
           {{{field::transfer_encoding, "Chunked"}}, {}},
           {{{field::transfer_encoding, "gzip"}}, status::not_implemented},
           {{{field::transfer_encoding, "gzip, chunked"}}, status::not_implemented},
           {{{field::transfer_encoding, "identity"}}, status::not_implemented},
           {{{field::transfer_encoding, ""}}, status::not_implemented},
           {{{field::transfer_encoding,
              "\x0B"
              "chunked"}},
            status::not_implemented},
           {{{field::transfer_encoding, "chunked"}, {field::transfer_encoding, "chunked"}}, status::bad_request},
           {{{field::transfer_encoding, "chunked"}, {field::content_length, "5"}}, status::bad_request},
           {{{field::content_length, "5"}, {field::content_length, "5"}}, status::bad_request},
           {{{field::content_length, "5, 5"}}, status::bad_request},
           {{{field::content_length, "+5"}}, status::bad_request},
           {{{field::content_length, ""}}, status::bad_request},
       }) {
    boost::beast::http::fields fields;
    for (const auto& [name, value] : header) fields.insert(name, value);
    CAPTURE(header.size());
    CHECK(framing_fault(fields) == fault);
  }
}
