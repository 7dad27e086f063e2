// SPDX-License-Identifier: Apache-2.0
#include "support/full_disk.hpp"

#include <utility>

namespace outboxd::test {

namespace fs = std::filesystem;

FullDisk::FullDisk(std::string part) : part_(std::move(part)) {
  // A server of another user may be unable to read the build's folder.
  fs::copy_file(OUTBOXD_FULL_DISK_LIBRARY, folder_ / "preload.so");
  fs::permissions(folder_.path(), fs::perms{0755});
  fs::permissions(folder_ / "preload.so", fs::perms{0755});
}

Environment FullDisk::environment() const {
  return {{"LD_PRELOAD", (folder_ / "preload.so").string()},
          {"OUTBOXD_TEST_FULL_DISK_FLAG", flag().string()},
          {"OUTBOXD_TEST_FULL_DISK_PART", part_}};
}

void FullDisk::fill() const {
  folder_.write("full", "");
}

void FullDisk::make_room() const {
  fs::remove(flag());
}

}  // namespace outboxd::test
