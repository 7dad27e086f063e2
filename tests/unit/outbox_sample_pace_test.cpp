// SPDX-License-Identifier: Apache-2.0
#include "outbox/sample_pace.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace outboxd {

TEST_CASE("samples: less often where counting takes long, and never so seldom that their figures grow old") {
  const auto rest_where_each_takes = [](SamplePace::Duration took) {
    SamplePace pace{5s};
    CHECK(pace.rest_after(took, false) == 5s);
    return pace.rest_after(took, false);
  };
  CHECK(rest_where_each_takes(10ms) == 5s);
  CHECK(rest_where_each_takes(100ms) == 9900ms);
  CHECK(rest_where_each_takes(600ms) == 59400ms);
  CHECK(rest_where_each_takes(1s) == 60s);
  CHECK(rest_where_each_takes(30s) == 60s);
}

TEST_CASE("samples: one that waited for a server that stood still delays no other") {
  SamplePace pace{5s};
  CHECK(pace.rest_after(10ms, false) == 5s);
  CHECK(pace.rest_after(37s, false) == 5s);
  CHECK(pace.rest_after(10ms, false) == 5s);
  CHECK(pace.rest_after(37s, true) == 5s);
  CHECK(pace.rest_after(37s, true) == 5s);
  CHECK(pace.rest_after(37s, false) == 5s);
}

}  // namespace outboxd
