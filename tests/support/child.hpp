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
  /// The whole environment: nothing is inherited.
  std::map<std::string, std::string> environment{};
  /// Standard input; a file that is empty when not given.
  std::string input{};
  /// Runs as this user and group; as ourselves when not given.
  std::optional<uid_t> user{};
  std::optional<gid_t> group{};
  /// Working directory; ours when empty.
  std::filesystem::path folder{};
};

/// A process of ours, leader of its own process group, that ends with this handle: killed and reaped by pid. It also
/// dies with the test process, however that ends. Standard output and error go to files.
class Child {
 public:
  explicit Child(const ChildOptions& options);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();

  /// Sends a signal to the process alone. Does nothing when it has ended.
  void signal(int number);
  /// Sends a signal to the whole process group.
  void signal_group(int number);

  /// Waits for the end and returns the exit status: 0 to 255, or 128 + the signal's number. Throws, with the output,
  /// when it still runs at the deadline.
  int wait(std::chrono::milliseconds deadline = std::chrono::seconds(30));

  /// What it took, the children that it waited for included; known once it has ended.
  struct Usage {
    std::chrono::duration<double> cpu{0};
    std::int64_t most_resident_bytes = 0;
  };
  [[nodiscard]] const Usage& usage() const { return usage_; }

  /// What it has written so far.
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
