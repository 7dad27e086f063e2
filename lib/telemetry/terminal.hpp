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
/// is written into it. It is written by a thread of its own, as the reader of the descriptor may stop reading, and
/// the descriptor can't be made non-blocking, since other processes share it. No call waits for the reader but
/// flush(). Lines are dropped and counted while 256 KiB of earlier lines wait. Safe to use from any thread.
class Terminal {
 public:
  /// `shows_progress`: false where the descriptor is a file or pipe; progress is then never drawn.
  Terminal(int descriptor, bool shows_progress);
  /// Waits for the current write.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Standard error. It outlives every other object of the process.
  static Terminal& standard_error();

  /// Queues a complete line, to be written above the progress line.
  void write(std::string_view line);

  /// Queues `text` as the new progress line; an empty text removes the line. It is cut to the terminal's width, since
  /// a wrapped line can't be overwritten.
  void show_progress(std::string_view text);

  /// `describe` is called with the number of dropped lines once lines can be written again, and returns a line about
  /// it.
  void on_dropped(std::function<std::string(std::uint64_t)> describe);

  /// Counts a line that could not be formatted.
  void lose_a_line();

  /// The number of lines that were not written so far.
  [[nodiscard]] std::uint64_t dropped() const;

  /// Blocks until all lines are written, but no longer than `patience`.
  void flush(std::chrono::milliseconds patience);

 private:
  class Writer;
  const bool shows_progress_;
  /// Shared with its thread, which may never return from a write.
  std::shared_ptr<Writer> writer_;
};

}  // namespace outboxd::telemetry
