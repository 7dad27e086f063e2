// SPDX-License-Identifier: Apache-2.0
#include "faults/in_process.hpp"

#include <chrono>
#include <exception>

namespace outboxd::faults {

InProcess::InProcess(const test::Database& database, const test::PrivateRedis& redis)
    : dispatcher_(database, redis), thread_([this] { work(); }) {}

std::string InProcess::stop() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  return failure_;
}

void InProcess::work() {
  constexpr std::chrono::milliseconds kPause{20};
  try {
    while (!over_) {
      if (dispatcher_.turn() == 0) std::this_thread::sleep_for(kPause);
    }
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
}

}  // namespace outboxd::faults
