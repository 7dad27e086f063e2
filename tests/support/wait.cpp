// SPDX-License-Identifier: Apache-2.0
#include "support/wait.hpp"

#include <stdexcept>
#include <thread>

namespace outboxd::test {

void wait_until(const std::function<bool()>& condition, std::chrono::milliseconds deadline, const std::string& what) {
  constexpr std::chrono::milliseconds kPause{5};
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) {
      throw std::runtime_error("waited " + std::to_string(deadline.count()) + " ms in vain for " + what);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace outboxd::test
