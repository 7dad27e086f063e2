// SPDX-License-Identifier: Apache-2.0
// Preloaded into a server: while the file OUTBOXD_TEST_FULL_DISK_FLAG exists, files whose paths contain
// OUTBOXD_TEST_FULL_DISK_PART can't grow (ENOSPC). As on a real disk, existing bytes can be overwritten.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

bool is_concerned(int fd) {
  const char* part = std::getenv("OUTBOXD_TEST_FULL_DISK_PART");
  std::array<char, 4096> path{};
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  return part != nullptr && ::readlink(link.c_str(), path.data(), path.size() - 1) > 0 &&
         std::strstr(path.data(), part) != nullptr;
}

/// Whether the disk is too full for this file to grow to `end`. Sets errno in that case only.
bool refuses_growth(int fd, off_t end) {
  const int before = errno;
  const char* flag = std::getenv("OUTBOXD_TEST_FULL_DISK_FLAG");
  struct stat file {};
  const bool refuses = flag != nullptr && ::access(flag, F_OK) == 0 && ::fstat(fd, &file) == 0 &&
                       S_ISREG(file.st_mode) && end > file.st_size && is_concerned(fd);
  errno = refuses ? ENOSPC : before;
  return refuses;
}

/// The offset at which the next write(2) of this many bytes would end.
off_t end_of_write(int fd, std::size_t count) {
  const int before = errno;
  const auto at = ::lseek(fd, 0, SEEK_CUR);
  errno = before;
  return at < 0 ? 0 : at + static_cast<off_t>(count);
}

std::size_t bytes_of(const iovec* parts, int count) {
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
  return bytes;
}

/// The C library's own function of this name.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  static auto* const next = real<decltype(write)>("write");
  return refuses_growth(fd, end_of_write(fd, count)) ? -1 : next(fd, bytes, count);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const next = real<decltype(writev)>("writev");
  return refuses_growth(fd, end_of_write(fd, bytes_of(parts, count))) ? -1 : next(fd, parts, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static auto* const next = real<decltype(pwrite)>("pwrite");
  return refuses_growth(fd, at + static_cast<off_t>(count)) ? -1 : next(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off_t at) {
  return pwrite(fd, bytes, count, at);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  static auto* const next = real<decltype(pwritev)>("pwritev");
  return refuses_growth(fd, at + static_cast<off_t>(bytes_of(parts, count))) ? -1 : next(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off_t at) {
  return pwritev(fd, parts, count, at);
}

int fallocate(int fd, int mode, off_t at, off_t count) {
  static auto* const next = real<decltype(fallocate)>("fallocate");
  return refuses_growth(fd, at + count) ? -1 : next(fd, mode, at, count);
}

int fallocate64(int fd, int mode, off_t at, off_t count) {
  return fallocate(fd, mode, at, count);
}

// Returns the error instead of setting errno.
int posix_fallocate(int fd, off_t at, off_t count) {
  static auto* const next = real<decltype(posix_fallocate)>("posix_fallocate");
  return refuses_growth(fd, at + count) ? ENOSPC : next(fd, at, count);
}

int posix_fallocate64(int fd, off_t at, off_t count) {
  return posix_fallocate(fd, at, count);
}
}
