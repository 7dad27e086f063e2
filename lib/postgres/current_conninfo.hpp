// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace outboxd::postgres {

/// The connection string for new connections. Safe to use from any thread.
class CurrentConninfo {
 public:
  explicit CurrentConninfo(std::string conninfo) : conninfo_{std::move(conninfo)} {}

  void replace(std::string conninfo) {
    const std::lock_guard lock{mutex_};
    conninfo_ = std::move(conninfo);
  }

  [[nodiscard]] std::string text() const {
    const std::lock_guard lock{mutex_};
    return conninfo_;
  }

 private:
  mutable std::mutex mutex_;
  std::string conninfo_;
};

}  // namespace outboxd::postgres
