// SPDX-License-Identifier: Apache-2.0
#include "support/made_once.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace outboxd::test {
namespace {

/// A lock that one process holds at a time; the kernel releases it at the process's end.
class FileLock {
 public:
  explicit FileLock(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "open " + path);
    while (::flock(file_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      ::close(file_);
      throw std::system_error(error, std::generic_category(), "flock " + path);
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { ::close(file_); }

 private:
  int file_;
};

}  // namespace

std::filesystem::path made_once(const std::filesystem::path& where,
                                const std::function<void(const std::filesystem::path&)>& make) {
  std::filesystem::create_directories(where.parent_path());
  const FileLock lock(where.string() + ".lock");
  if (std::filesystem::exists(where)) return where;
  const std::filesystem::path unfinished = where.string() + ".unfinished";
  std::filesystem::remove_all(unfinished);  // left by a process that was killed in between
  make(unfinished);
  std::filesystem::rename(unfinished, where);
  return where;
}

}  // namespace outboxd::test
