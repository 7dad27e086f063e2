// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/terminal.hpp"

#include <string_view>

namespace outboxd::telemetry {

/// One line that shows the progress of the work at a terminal; log lines appear above it. Does nothing where standard
/// error isn't a terminal. At most one at a time. The line disappears with the object.
class Progress {
 public:
  explicit Progress(Terminal& terminal = Terminal::standard_error()) : terminal_(terminal) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws `text` in place of the line before. Secrets in it are masked.
  void show(std::string_view text);

  /// Removes the line.
  void clear();

 private:
  Terminal& terminal_;
};

}  // namespace outboxd::telemetry
