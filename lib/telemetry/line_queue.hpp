// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace outboxd::telemetry {

/// Lines that wait to be written, in order. When full, it takes no line until half of its content is gone: a slow
/// reader then misses several lines in a row rather than every other line. Pure.
class LineQueue {
 public:
  LineQueue(std::size_t most_bytes, std::size_t most_lines) : most_bytes_(most_bytes), most_lines_(most_lines) {}

  /// Whether a line of this size may be pushed now.
  [[nodiscard]] bool has_room_for(std::size_t bytes) {
    if (full_ && bytes_ <= most_bytes_ / 2 && lines_.size() <= most_lines_ / 2) full_ = false;
    if (bytes_ + bytes > most_bytes_ || lines_.size() >= most_lines_) full_ = true;
    return !full_;
  }

  /// Adds a line, which may begin with a notice that this many lines were dropped before it.
  void push(std::string line, std::uint64_t dropped_before = 0) {
    const auto size = line.size();
    lines_.push_back({std::move(line), dropped_before});
    bytes_ += size;
  }

  struct Taken {
    std::string text;
    std::uint64_t lines = 0;
    /// The number of dropped lines that the text mentions.
    std::uint64_t dropped_before = 0;
  };

  /// The next lines: as many as fit into this many bytes, but at least one; empty when there are none. Without memory
  /// it throws std::bad_alloc and keeps its content.
  [[nodiscard]] Taken take(std::size_t most_bytes) {
    Taken taken;
    for (const auto& line : lines_) {
      if (taken.lines > 0 && taken.text.size() + line.text.size() > most_bytes) break;
      taken.text += line.text;
      taken.dropped_before += line.dropped_before;
      ++taken.lines;
    }
    bytes_ -= taken.text.size();
    lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(taken.lines));
    return taken;
  }

  /// Forgets all lines, without allocating memory. The result has no text.
  Taken drop() {
    Taken dropped;
    for (const auto& line : lines_) {
      dropped.dropped_before += line.dropped_before;
      ++dropped.lines;
    }
    lines_.clear();
    bytes_ = 0;
    return dropped;
  }

  [[nodiscard]] bool empty() const { return lines_.empty(); }

 private:
  struct Line {
    std::string text;
    std::uint64_t dropped_before = 0;
  };

  const std::size_t most_bytes_;
  const std::size_t most_lines_;
  std::deque<Line> lines_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace outboxd::telemetry
