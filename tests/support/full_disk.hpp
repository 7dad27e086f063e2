// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/programs.hpp"
#include "support/temp_dir.hpp"

#include <string>

namespace outboxd::test {

/// A disk that becomes full on demand, for some files of one server. The server must be started with environment().
/// Its writes beyond the end of those files then fail with ENOSPC.
class FullDisk {
 public:
  /// Affects the files whose paths contain `part`, for example "/base/".
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
