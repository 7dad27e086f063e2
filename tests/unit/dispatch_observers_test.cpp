// SPDX-License-Identifier: Apache-2.0
// Several observers of the same events, of which the tally is one.
#include "dispatch/observers.hpp"
#include "dispatch/tally.hpp"

#include <doctest/doctest.h>

#include <string>

namespace outboxd::dispatch {

using namespace std::chrono_literals;

namespace {

struct Named final : Observer {
  Named(std::string own_name, std::string& record) : name{std::move(own_name)}, log{record} {}
  void published(std::string_view stream, std::size_t rows) override {
    log += name + ":" + std::string{stream} + std::to_string(rows) + " ";
  }
  std::string name;
  std::string& log;
};

}  // namespace

TEST_CASE("each observer gets every event, in order, and may ignore events") {
  std::string log;
  Named first{"first", log};
  Named second{"second", log};
  Observers all{{first, second}};
  all.published("s", 2);
  all.retried("s", outboxd::Fault::entry_refused);
  CHECK(log == "first:s2 second:s2 ");
}

TEST_CASE("the tally counts the outcomes of rows, whatever they were for") {
  TallyObserver tally;
  Observers all{{tally}};
  all.claimed(9, 1ms);
  all.published("s", 3);
  all.retried("s", outboxd::Fault::entry_refused);
  all.released(false);
  all.released(true);
  all.died("1", "s", Fault::bad_row, "reason");
  all.settled(5, 2, 1ms);
  all.unsettled(4);
  all.possible_duplicate();
  CHECK(tally.tally().claimed == 9);
  CHECK(tally.tally().published == 3);
  CHECK(tally.tally().retried == 1);
  CHECK(tally.tally().released == 2);
  CHECK(tally.tally().released_for_later == 1);
  CHECK(tally.tally().dead == 1);
  CHECK(tally.tally().leases_lost == 2);
  CHECK(tally.tally().unsettled == 4);
  CHECK(tally.tally().possible_duplicates == 1);
}

}  // namespace outboxd::dispatch
