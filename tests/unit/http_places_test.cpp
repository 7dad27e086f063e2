// SPDX-License-Identifier: Apache-2.0
// Who gives way, how guesses are slowed, and how often a page is made.
#include "http/framing.hpp"
#include "http/guess_brake.hpp"
#include "http/places.hpp"
#include "http/sparing_page.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace outboxd::http;

namespace {

using TimePoint = std::chrono::steady_clock::time_point;
constexpr TimePoint kNow{1h};

Occupant since(Activity activity, std::chrono::milliseconds ago) {
  return {activity, kNow - ago};
}

}  // namespace

TEST_CASE("places: who needs no answer, blocked writers, the silent, and only then who has just come") {
  struct Case {
    std::vector<Occupant> occupants;
    std::size_t gives_way;
  };
  const auto reading = Activity::reading;
  const auto writing = Activity::writing;
  for (const auto& [occupants, gives_way] : std::vector<Case>{
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
    CHECK(who_gives_way(occupants, kNow) == gives_way);
  }
  CHECK_FALSE(who_gives_way({}, kNow));
}

TEST_CASE("places: as many as descriptors allow, 64 at most and 4 at least") {
  CHECK(places_within(1024, 28) == 64);
  CHECK(places_within(92, 28) == 64);
  CHECK(places_within(64, 28) == 36);
  CHECK(places_within(30, 28) == 4);
  CHECK(places_within(16, 28) == 4);
}

TEST_CASE("guesses: the first few are looked at at once, then every token is looked at late, for a while") {
  GuessBrake brake;
  for (int i = 0; i < 5; ++i) {
    CHECK(brake.delay(kNow) == 0ms);
    brake.wrong(kNow);
  }
  CHECK(brake.delay(kNow) == 1s);
  CHECK(brake.delay(kNow + 100ms) == 0ms);
  for (int i = 0; i < 1'000; ++i) brake.wrong(kNow);
  CHECK(brake.delay(kNow + 55s) == 1s);
  CHECK(brake.delay(kNow + 56s) == 0ms);
}

TEST_CASE("guesses: one peer's slow no other, and peers beyond a thousand are slowed together") {
  GuessBrakes brakes;
  const auto guess = [&](const std::string& peer, TimePoint now) {
    for (int i = 0; i < 6; ++i) brakes.wrong(peer, now);
  };
  guess("10.0.0.1", kNow);
  CHECK(brakes.delay("10.0.0.1", kNow) == 1s);
  CHECK(brakes.delay("10.0.0.2", kNow) == 0ms);
  for (int i = 1; i < 1'000; ++i) guess("peer " + std::to_string(i), kNow);
  CHECK(brakes.delay("10.0.0.2", kNow) == 0ms);
  guess("one too many", kNow);
  CHECK(brakes.delay("one too many", kNow) == 1s);
  CHECK(brakes.delay("10.0.0.2", kNow) == 1s);
  // All have rested by then, and make room.
  guess("another", kNow + 10s);
  CHECK(brakes.delay("another", kNow + 10s) == 1s);
  CHECK(brakes.delay("10.0.0.1", kNow + 10s) == 0ms);
  CHECK(brakes.delay("10.0.0.2", kNow + 10s) == 0ms);
}

TEST_CASE("a sparing page is made anew as long as that takes little, and seldom while it is asked for without end") {
  auto now = kNow;
  int made = 0;
  SparingPage page(
      [&] {
        now += 10ms;
        return Page{200, std::to_string(++made)};
      },
      [&now] { return now; });
  // A scrape now and then is always answered anew.
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
  // What was saved up, and a tenth of ten seconds.
  CHECK(made >= 110);
  CHECK(made <= 125);
}

TEST_CASE("framing: a request has one plain end") {
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
