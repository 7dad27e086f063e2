// SPDX-License-Identifier: Apache-2.0
#include "config/file_text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <sys/stat.h>
#include <system_error>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestSecret = 65'536;

std::string reason(int error) {
  return std::generic_category().message(error);
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

bool is_plainly_a_path(std::string_view text) {
  return text.find("://") == std::string_view::npos && !text.empty() && (text.front() == '/' || text.front() == '.');
}

}  // namespace

Checked<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  errno = 0;
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
  if (!file) return {.problem = reason(errno)};
  std::string content;
  std::array<char, 4096> chunk{};
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    content.append(chunk.data(), count);
    if (content.size() > most_bytes) return {.problem = "larger than " + std::to_string(most_bytes) + " bytes"};
  }
  if (std::ferror(file.get()) != 0) return {.problem = reason(errno)};
  return {.value = std::move(content)};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Checked<std::string> read_secret(const std::string& path) {
  if (path.empty()) return {.problem = "names no file"};
  Checked<std::string> content = read_file(path, kLongestSecret);
  const std::string shown =
      is_plainly_a_path(path) ? path : "the file (its name is not shown, in case it is the secret itself)";
  if (!content.value) return {.problem = "can't read " + shown + ": " + content.problem};
  std::string& text = *content.value;
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
  }
  if (text.empty()) return {.problem = shown + " is empty"};
  if (text.find('\0') != std::string::npos) return {.problem = shown + " has a zero byte in it"};
  return content;
}

}  // namespace outboxd::config
