// SPDX-License-Identifier: Apache-2.0
#include "enqueue/uuid7.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

using outboxd::enqueue::new_uuid7;
using outboxd::enqueue::Uuid7Generator;
using std::chrono::milliseconds;

namespace {

std::uint64_t all_ones() {
  return ~std::uint64_t{0};
}

}  // namespace

TEST_CASE("a UUIDv7 has its millisecond, version and variant at the places that RFC 9562 defines") {
  // The timestamp of the RFC's own example: 2022-02-22 19:22:22 UTC.
  Uuid7Generator generator([] { return milliseconds(0x017F22E279B0); }, [] { return std::uint64_t{0}; });
  CHECK(generator.next() == "017f22e2-79b0-7000-8000-000000000000");
}

TEST_CASE("random bits never change the version or the variant") {
  Uuid7Generator generator([] { return milliseconds(1); }, all_ones);
  CHECK(generator.next() == "00000000-0001-77ff-bfff-ffffffffffff");
}

TEST_CASE("UUIDs of one millisecond, and of a clock that steps back, still grow") {
  std::int64_t now = 1000;
  Uuid7Generator generator([&now] { return milliseconds(now); }, all_ones);
  std::string last = generator.next();
  for (int i = 0; i < 10000; ++i) {
    if (i == 5000) now = 10;
    const auto next = generator.next();
    REQUIRE(last < next);
    last = next;
  }
}

TEST_CASE("a full counter moves on to the next millisecond") {
  Uuid7Generator generator([] { return milliseconds(5); }, all_ones);
  std::string last;
  for (int i = 0; i <= 2048; ++i) last = generator.next();
  CHECK(last.substr(0, 18) == "00000000-0005-7fff");
  CHECK(generator.next().substr(0, 18) == "00000000-0006-7000");
}

TEST_CASE("the process's UUIDs are well-formed, and differ between threads") {
  const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& own : made) {
      threads.emplace_back([&own] {
        for (int i = 0; i < 1000; ++i) own.push_back(new_uuid7());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& own : made) {
    CHECK(std::is_sorted(own.begin(), own.end()));
    CHECK(std::ranges::all_of(own, [&shape](const auto& uuid) { return std::regex_match(uuid, shape); }));
    all.insert(own.begin(), own.end());
  }
  CHECK(all.size() == 4000);
}
