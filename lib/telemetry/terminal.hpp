// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// A descriptor that log lines and one line of progress share: the progress line is always the last one, and no line
/// is written into it. Safe to use from any thread; blocks while the reader of the descriptor does.
class Terminal {
 public:
  /// `shows_progress`: false where the descriptor is a file or pipe; progress is then never drawn.
  Terminal(int descriptor, bool shows_progress) : descriptor_(descriptor), shows_progress_(shows_progress) {}

  /// Standard error. It outlives everything else in the process.
  static Terminal& standard_error();

  /// Writes one or more complete lines, above the progress line.
  void write(std::string_view lines);

  /// Draws `text` as the progress line, in place of the one before; an empty text takes the line away.
  /// Cut to the terminal's width, since a wrapped line can't be drawn over.
  void show_progress(std::string_view text);

 private:
  const int descriptor_;
  const bool shows_progress_;
  std::mutex mutex_;
  std::string progress_;
};

}  // namespace outboxd::telemetry
