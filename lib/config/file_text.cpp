// SPDX-License-Identifier: Apache-2.0
#include "config/file_text.hpp"

#include "config/text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestSecret = 65'536;

std::string reason(int error) {
  return std::generic_category().message(error);
}

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

using File = std::unique_ptr<std::FILE, Close>;

Checked<std::string> read_all(std::FILE* file, std::size_t most_bytes) {
  std::string content;
  std::array<char, 4096> chunk{};
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file)) {
    content.append(chunk.data(), count);
    if (content.size() > most_bytes) return {.problem = "larger than " + std::to_string(most_bytes) + " bytes"};
  }
  if (std::ferror(file) != 0) return {.problem = reason(errno)};
  return {.value = std::move(content)};
}

/// The kind of file at the path, if it is no ordinary file or directory; otherwise "".
std::string other_kind(mode_t mode) {
  if (S_ISFIFO(mode)) return "is a FIFO (a named or unnamed pipe)";
  if (S_ISSOCK(mode)) return "is a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "is a device";
  return "";
}

/// Reads an ordinary file. Never waits: opening a FIFO would wait for its writer, and opening a device may start it.
Checked<std::string> read_ordinary(const std::string& path) {
  struct stat status {};
  const auto refusal = [&status](int result) {
    const std::string kind = result == 0 ? other_kind(status.st_mode) : reason(errno);
    return result != 0 || kind.empty() ? kind : kind + "; put the secret into an ordinary file";
  };
  if (std::string problem = refusal(::stat(path.c_str(), &status)); !problem.empty()) return {.problem = problem};
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return {.problem = reason(errno)};
  const File file{::fdopen(descriptor, "r")};
  if (!file) {
    ::close(descriptor);
    return {.problem = reason(errno)};
  }
  // The file may have been replaced in between.
  if (std::string problem = refusal(::fstat(descriptor, &status)); !problem.empty()) return {.problem = problem};
  return read_all(file.get(), kLongestSecret);
}

bool is_plainly_a_path(std::string_view text) {
  return text.find("://") == std::string_view::npos && !text.empty() && (text.front() == '/' || text.front() == '.');
}

}  // namespace

Checked<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  errno = 0;
  const File file(std::fopen(path.c_str(), "re"));
  if (!file) return {.problem = reason(errno)};
  return read_all(file.get(), most_bytes);
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Checked<std::string> read_secret(const std::string& path) {
  if (path.empty()) return {.problem = "names no file"};
  const Checked<std::string> content = read_ordinary(path);
  const std::string shown =
      is_plainly_a_path(path) ? path : "the file (its name is not shown, in case it is the secret itself)";
  if (!content.value) return {.problem = "can't read " + shown + ": " + content.problem};
  const std::string text{trim(*content.value)};
  if (text.empty()) return {.problem = shown + " is empty"};
  if (text.find('\0') != std::string::npos) return {.problem = shown + " has a zero byte in it"};
  return {.value = text};
}

}  // namespace outboxd::config
