// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace outboxd::test {

/// A new folder in the system's temporary folder, which the destructor removes with its content. The path is short,
/// as the path of a Unix socket may have only 107 bytes.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  /// Writes a file into the folder and returns its path.
  // Many callers ignore the result.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  std::filesystem::path write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// The whole content of a file; empty if it can't be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace outboxd::test
