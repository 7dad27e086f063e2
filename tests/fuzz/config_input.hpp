// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/loader.hpp"

#include <string>
#include <string_view>

namespace outboxd::fuzz {

/// A file in memory with a path for fopen(); it is gone with the process.
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

/// The words for the secret in an input, and for the path of a file that contains it.
inline constexpr std::string_view kSecretWord = "SECRET";
inline constexpr std::string_view kSecretFileWord = "SECRET_FILE";
/// The secret, valid as a key, a password and a token; and the part of it that must never be shown.
inline constexpr std::string_view kSecret = "5ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d05ec2e7d0";
inline constexpr std::string_view kSecretPiece = "5ec2e7";

/// A parsed input: the text of a TOML file, a line "%%", then a line for each NAME=value of the environment and each
/// --flag=value. The words above are replaced at the places of secrets; elsewhere SECRET is an ordinary word, as a
/// table may have any name. The file's text is in `file`, its path in Sources::config_file.
struct Input {
  std::string file;
  config::Sources sources;
};

/// Whether the input contains the secret's own letters; such inputs are skipped, as they prove nothing.
[[nodiscard]] bool spells_the_secret(std::string_view text);

[[nodiscard]] Input read_input(std::string_view text, const std::string& secret_file);

}  // namespace outboxd::fuzz
