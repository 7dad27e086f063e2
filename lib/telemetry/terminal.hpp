// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// A descriptor that log lines and one line of progress share: the progress line is always the last one, and no line
/// is written into it. A thread of its own writes, as the reader of the descriptor may stop reading, and the
/// descriptor is shared with other processes, so that it can't be made non-blocking. No call waits for it but
/// flush(). Lines that find 256 KiB of others waiting are dropped, and counted. Safe to use from any thread.
class Terminal {
 public:
  /// `shows_progress`: false where the descriptor is a file or pipe; progress is then never drawn.
  Terminal(int descriptor, bool shows_progress);
  /// Waits for the write that is going on.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Standard error. It outlives everything else in the process.
  static Terminal& standard_error();

  /// Has a complete line written above the progress line.
  void write(std::string_view line);

  /// Has `text` drawn as the progress line, in place of the one before; an empty text takes the line away.
  /// Cut to the terminal's width, since a wrapped line can't be drawn over.
  void show_progress(std::string_view text);

  /// Called with the number of lines that were dropped, once some can be written again, for a line that says so.
  void on_dropped(std::function<std::string(std::uint64_t)> describe);

  /// Counts a line that could not even be made.
  void lose_a_line();

  /// Lines that were not written, so far.
  [[nodiscard]] std::uint64_t dropped() const;

  /// Blocks until all is written, and no longer than `patience`.
  void flush(std::chrono::milliseconds patience);

 private:
  class Writer;
  const bool shows_progress_;
  /// Shared with its thread, which may never come back from a write.
  std::shared_ptr<Writer> writer_;
};

}  // namespace outboxd::telemetry
