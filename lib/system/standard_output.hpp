// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <iostream>
#include <streambuf>
#include <string>

namespace outboxd::system {

/// Takes std::cout over while it lives, and remembers whether what was printed has arrived: a disk that is full, a
/// closed descriptor and a pipe that nobody reads from are otherwise noticed by nobody. Needs SIGPIPE to be ignored.
class StandardOutput : private std::streambuf {
 public:
  StandardOutput();
  ~StandardOutput() override;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Writes what is still to be written. Why some of what was printed is lost, for people; empty when nothing is.
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
