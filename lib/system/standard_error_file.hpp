// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::system {

/// Reopens standard error after a log rotation, if it is a file: logrotate renames the file, and the next lines
/// belong into a new file with the old name.
class StandardErrorFile {
 public:
  /// Finds the path of the file. Construct it early, before a rotation can rename the file.
  StandardErrorFile();

  /// Whether standard error is a file that was renamed or removed.
  [[nodiscard]] bool was_moved() const;
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Points standard error at the file that has the path now; creates it if there is none. Returns the error, or "".
  [[nodiscard]] std::string reopen() const;

 private:
  /// Empty if standard error is no file but a terminal, a pipe, a socket or a device.
  std::string path_;
};

}  // namespace outboxd::system
