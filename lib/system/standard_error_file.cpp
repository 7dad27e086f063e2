// SPDX-License-Identifier: Apache-2.0
#include "system/standard_error_file.hpp"

#include <climits>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace outboxd::system {
namespace {

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

StandardErrorFile::StandardErrorFile() {
  struct stat found {};
  if (::fstat(STDERR_FILENO, &found) != 0 || !S_ISREG(found.st_mode)) return;
  std::array<char, PATH_MAX> path{};
  const auto length = ::readlink("/proc/self/fd/2", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return;
  const std::string name(path.data(), static_cast<std::size_t>(length));
  struct stat named {};
  // A file that is removed already has no path any more.
  if (::stat(name.c_str(), &named) == 0 && is_same(named, found)) path_ = name;
}

bool StandardErrorFile::was_moved() const {
  struct stat written {};
  struct stat named {};
  if (path_.empty() || ::fstat(STDERR_FILENO, &written) != 0) return false;
  return ::stat(path_.c_str(), &named) != 0 || !is_same(named, written);
}

std::string StandardErrorFile::reopen() const {
  constexpr mode_t kMode = 0640;
  // Another thread may be writing to the descriptor, so it is replaced atomically (dup2).
  const int file = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kMode);
  if (file < 0) return std::strerror(errno);
  const int replaced = ::dup2(file, STDERR_FILENO);
  std::string why_not = replaced < 0 ? std::strerror(errno) : "";
  ::close(file);
  return why_not;
}

}  // namespace outboxd::system
