// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/older_dispatcher.hpp"

#include <atomic>
#include <string>
#include <thread>

namespace outboxd::faults {

/// A service's own dispatcher at work, on a thread of this process and past the proxies.
class InProcess {
 public:
  InProcess(const test::Database& database, const test::PrivateRedis& redis);
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  ~InProcess() { stop(); }

  /// Ends after its present turn. Returns what ended it before; empty if nothing did.
  std::string stop();

 private:
  void work();

  test::OlderDispatcher dispatcher_;
  std::string failure_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace outboxd::faults
