// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace outboxd::dead_rows {

/// Ids in the order in which they were added, in a file in memory: there may be millions.
class IdSpool {
 public:
  /// Throws std::system_error if there is no memory for them; so do the others.
  IdSpool();

  void add(const std::string& id);
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Goes back to the first id.
  void rewind();
  /// The next ids, at most so many; none at the end.
  [[nodiscard]] std::vector<std::string> next(std::size_t most);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace outboxd::dead_rows
