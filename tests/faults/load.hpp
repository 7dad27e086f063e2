// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace outboxd::faults {

/// A service that inserts rows at a steady pace, over a connection without a proxy. It records an id only when its
/// commit was answered, and retries while Postgres is unreachable.
class Load {
 public:
  /// Rows are spread evenly over the streams. Each id begins with `prefix`. `database` is called for each new
  /// connection.
  Load(std::function<test::Database()> database, std::vector<std::string> streams, std::string prefix);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { stop(); }

  /// Stops inserting, and returns the committed ids.
  const std::vector<std::string>& stop();

 private:
  void work();
  [[nodiscard]] std::string next_insert(std::vector<std::string>& ids);

  std::function<test::Database()> database_;
  std::vector<std::string> streams_;
  std::string prefix_;
  int next_ = 0;
  std::vector<std::string> committed_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace outboxd::faults
