// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/older_dispatcher.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace outboxd::faults {

/// A service's in-process dispatcher, on a thread of this process and without the proxies.
class InProcess {
 public:
  InProcess(const test::Database& database, const test::PrivateRedis& redis);
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  ~InProcess() { stop(); }

  /// Stops it after its current turn. Returns the error that ended it before, or "".
  std::string stop();

 private:
  void work();

  test::OlderDispatcher dispatcher_;
  std::string failure_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace outboxd::faults
