// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::dead_rows {

/// A new file for the rows that a command discards, which only its user may read. Lines count once they are kept;
/// others can be taken back. All functions throw std::system_error, with the file's name.
class ExportFile {
 public:
  /// The file must not exist.
  explicit ExportFile(std::string path);
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  /// Adds a JSON text as a line. Line ends within it are white space between its tokens, and become blanks.
  void add(std::string_view json);
  /// Writes the lines so far to the disk, and waits until they are there.
  void sync();
  /// The lines so far stay.
  void keep() { kept_ = size_; }
  /// Removes the lines since the last keep().
  void take_back();
  /// Removes the file itself if it has no line.
  void remove_if_empty();

 private:
  void write_all(std::string_view bytes);
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t kept_ = 0;
  std::string waiting_;
};

}  // namespace outboxd::dead_rows
