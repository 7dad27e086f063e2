// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/export_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace outboxd::dead_rows {

ExportFile::ExportFile(std::string path) : path_{std::move(path)} {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    fail("could not be created, so nothing was changed; name one in a folder that you may write to with --export");
  // Its name must outlive a crash of the machine as well.
  auto folder = std::filesystem::path{path_}.parent_path();
  if (folder.empty()) folder = ".";
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

ExportFile::~ExportFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ExportFile::add(std::string_view json) {
  constexpr std::size_t kMostWaiting = 1U << 20U;
  const auto from = waiting_.size();
  waiting_.append(json).append("\n");
  std::replace_if(
      waiting_.begin() + static_cast<std::ptrdiff_t>(from), waiting_.end() - 1,
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
  size_ += json.size() + 1;
  if (waiting_.size() > kMostWaiting) write_all(std::exchange(waiting_, {}));
}

void ExportFile::sync() {
  write_all(std::exchange(waiting_, {}));
  if (::fsync(descriptor_) != 0) fail("could not be written to the disk");
}

void ExportFile::take_back() {
  waiting_.clear();
  size_ = kept_;
  if (::ftruncate(descriptor_, static_cast<off_t>(kept_)) != 0 ||
      ::lseek(descriptor_, static_cast<off_t>(kept_), SEEK_SET) < 0) {
    fail("could not be shortened, and has rows that are still dead");
  }
}

void ExportFile::remove_if_empty() {
  if (size_ == 0) ::unlink(path_.c_str());
}

void ExportFile::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("could not be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void ExportFile::fail(const char* what) const {
  throw std::system_error(errno, std::generic_category(), "the file " + path_ + " " + what);
}

}  // namespace outboxd::dead_rows
