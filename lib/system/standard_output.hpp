// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <iostream>
#include <streambuf>
#include <string>

namespace outboxd::system {

/// Replaces the buffer of std::cout while it exists, and notices output that could not be written: to a full disk, a
/// closed descriptor, or a pipe without a reader. SIGPIPE must be ignored.
class StandardOutput : private std::streambuf {
 public:
  StandardOutput();
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Flushes. Returns a message that says why output was lost; "" if none was.
  [[nodiscard]] std::string why_lost();

 private:
  int_type overflow(int_type character) override;
  int sync() override;
  bool write_all();

  std::array<char, 8192> waiting_{};
  std::streambuf* before_;
  bool printed_ = false;
  int error_ = 0;
};

}  // namespace outboxd::system
