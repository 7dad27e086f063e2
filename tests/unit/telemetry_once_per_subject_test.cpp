// SPDX-License-Identifier: Apache-2.0
#include "telemetry/once_per_subject.hpp"

#include <doctest/doctest.h>

#include <string>

using outboxd::telemetry::OncePerSubject;

TEST_CASE("one line a subject, and none any more once too many are known") {
  OncePerSubject once;
  CHECK(once.admit("a"));
  CHECK_FALSE(once.admit("a"));
  CHECK(once.admit("b"));
  const std::string long_name(10'000, 'x');
  CHECK(once.admit(long_name));
  CHECK_FALSE(once.admit(long_name + "y"));
  for (int i = 3; i < 200; ++i) {
    CHECK_FALSE(once.is_full());
    CHECK(once.admit("subject " + std::to_string(i)));
  }
  CHECK(once.is_full());
  CHECK_FALSE(once.admit("one too many"));
}
