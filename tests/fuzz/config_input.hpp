// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>
#include <string_view>

namespace outboxd::fuzz {

/// A file that exists only in memory, with a path that fopen() takes; it goes away with the process.
class MemoryFile {
 public:
  explicit MemoryFile(const char* name);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(std::string_view text) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

/// What stands for the secret in an input, and for the path of a file that holds it.
inline constexpr std::string_view kSecretWord = "SECRET";
inline constexpr std::string_view kSecretFileWord = "SECRET_FILE";
/// A key, a password and a token at once; and the piece of it that must be seen nowhere.
inline constexpr std::string_view kSecret = "5ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d0";
inline constexpr std::string_view kSecretPiece = "5ec2e7";

/// Where an input comes from: the text of a TOML file, a line "%%", then a line for each NAME=value of the
/// environment and each --flag=value. The words above are replaced where they stand in a secret's place; elsewhere a
/// SECRET is an ordinary word, since a table may have any name. The file's text is in `file`, its path in
/// Sources::config_file.
struct Input {
  std::string file;
  config::Sources sources;
};

/// Nothing may be concluded from an input that has the secret's own letters in it.
[[nodiscard]] bool spells_the_secret(std::string_view text);

[[nodiscard]] Input read_input(std::string_view text, const std::string& secret_file);

}  // namespace outboxd::fuzz
