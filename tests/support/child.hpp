// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temp_dir.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace outboxd::test {

struct ChildOptions {
  /// The program's path, then its arguments.
  std::vector<std::string> command{};
  /// The complete environment; none is inherited.
  std::map<std::string, std::string> environment{};
  /// The content of standard input.
  std::string input{};
  /// The user and group of the process; empty: ours.
  std::optional<uid_t> user{};
  std::optional<gid_t> group{};
  /// The working directory; empty: ours.
  std::filesystem::path folder{};
};

/// A child process, leader of its own process group. The destructor kills and reaps it by pid; it also dies with the
/// test process. Standard output and error go to files.
class Child {
 public:
  explicit Child(const ChildOptions& options);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();

  /// Sends a signal to the process only. Does nothing if it has ended.
  void signal(int number);
  /// Sends a signal to the whole process group.
  void signal_group(int number);

  /// Waits for the end and returns the exit status: 0 to 255, or 128 + the signal's number. Throws, with the output,
  /// if the process still runs at the deadline.
  int wait(std::chrono::milliseconds deadline = std::chrono::seconds(30));

  /// The resources that it used, including those of the children that it waited for; known after its end.
  struct Usage {
    std::chrono::duration<double> cpu{0};
    std::int64_t most_resident_bytes = 0;
  };
  [[nodiscard]] const Usage& usage() const { return usage_; }

  /// The output so far.
  [[nodiscard]] std::string out() const { return read_file(files_ / "out"); }
  [[nodiscard]] std::string err() const { return read_file(files_ / "err"); }

 private:
  bool reap(int flags);

  TempDir files_;
  pid_t pid_ = -1;
  std::optional<int> status_;
  Usage usage_;
};

}  // namespace outboxd::test
