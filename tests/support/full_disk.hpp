// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/programs.hpp"
#include "support/temp_dir.hpp"

#include <string>

namespace outboxd::test {

/// A disk that is full when a test says so, for some files of one server. The server must be started with
/// environment(), whoever it runs as; its writes beyond the end of those files then fail with ENOSPC.
class FullDisk {
 public:
  /// Concerns the files whose path holds `part`, e.g. "/base/".
  explicit FullDisk(std::string part);

  [[nodiscard]] Environment environment() const;

  /// Takes effect at once, for all processes of the server.
  void fill() const;
  void make_room() const;

 private:
  [[nodiscard]] std::filesystem::path flag() const { return folder_ / "full"; }

  TempDir folder_;
  std::string part_;
};

}  // namespace outboxd::test
