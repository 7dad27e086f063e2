// SPDX-License-Identifier: Apache-2.0
#include "outbox/slow_scans.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace std::chrono_literals;

namespace outboxd {

using News = SlowScans::News;

TEST_CASE("slow looks: said after three in a row, each minute, and once when they are quick again") {
  SlowScans looks;
  SlowScans::TimePoint now{1h};
  CHECK(looks.looked(now, 30ms) == News::none);
  CHECK(looks.looked(now, 30ms) == News::none);
  CHECK(looks.looked(now, 30ms) == News::slow);
  CHECK(looks.looked(now + 59s, 30ms) == News::none);
  CHECK(looks.looked(now + 60s, 30ms) == News::slow);
  CHECK(looks.looked(now + 61s, 19ms) == News::quick);
  CHECK(looks.looked(now + 62s, 19ms) == News::none);
}

TEST_CASE("slow looks: those that are slow and quick in turns are said once a minute") {
  SlowScans looks;
  std::vector<News> said;
  for (SlowScans::TimePoint now{1h}; now < SlowScans::TimePoint{1h + 2min}; now += 4s) {
    for (const auto took : {30ms, 30ms, 30ms, 5ms}) {
      if (const auto news = looks.looked(now, took); news != News::none) said.push_back(news);
    }
  }
  CHECK(said == std::vector{News::slow, News::quick, News::slow, News::quick});
}

}  // namespace outboxd
