// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::test {

/// Polls until `condition` is true; throws an error that names `what` if it is still false at the deadline.
void wait_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(20),
                const std::string& what = "a condition");

}  // namespace outboxd::test
