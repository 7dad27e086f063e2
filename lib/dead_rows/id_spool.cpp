// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/id_spool.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace outboxd::dead_rows {
namespace {

[[noreturn]] void fail() {
  throw std::system_error(errno, std::generic_category(), "could not keep ids in a file in memory");
}

/// A file in memory, as a container may have no folder that it may write to.
std::FILE* open_file() {
  const int descriptor = ::memfd_create("outboxd-ids", MFD_CLOEXEC);
  if (descriptor < 0) return nullptr;
  auto* file = ::fdopen(descriptor, "w+");
  if (file == nullptr) ::close(descriptor);
  return file;
}

}  // namespace

IdSpool::IdSpool() : file_{open_file()} {
  if (!file_) fail();
}

void IdSpool::add(const std::string& id) {
  const auto length = static_cast<std::uint32_t>(id.size());
  if (std::fwrite(&length, sizeof length, 1, file_.get()) != 1 ||
      std::fwrite(id.data(), 1, id.size(), file_.get()) != id.size()) {
    fail();
  }
  ++size_;
}

void IdSpool::rewind() {
  if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0) fail();
}

std::vector<std::string> IdSpool::next(std::size_t most) {
  std::vector<std::string> ids;
  std::uint32_t length = 0;
  while (ids.size() < most && std::fread(&length, sizeof length, 1, file_.get()) == 1) {
    std::string id(length, '\0');
    if (std::fread(id.data(), 1, length, file_.get()) != length) fail();
    ids.push_back(std::move(id));
  }
  if (std::ferror(file_.get()) != 0) fail();
  return ids;
}

}  // namespace outboxd::dead_rows
