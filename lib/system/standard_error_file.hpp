// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::system {

/// Standard error, where it is a file: what rotates logs renames that file, and the next lines belong into a new one
/// of the old name.
class StandardErrorFile {
 public:
  /// Learns the file's path, if standard error is one. Make it early: a renamed file has another path.
  StandardErrorFile();

  /// Standard error is a file, and no longer the one that has its path.
  [[nodiscard]] bool was_moved() const;
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Standard error is the file that has the path now, which is made if there is none. Why it isn't, or nothing.
  [[nodiscard]] std::string reopen() const;

 private:
  /// Empty: it is a terminal, a pipe, a socket or a device.
  std::string path_;
};

}  // namespace outboxd::system
