// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/readiness.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace outboxd::telemetry {

/// The notes on a dispatcher that /readyz shows beside its state, the longest note last.
class ReadinessNotes {
 public:
  enum class About { held_up_rows, failed_samples, locked_rows, blocked_streams };

  /// `readiness` outlives this.
  ReadinessNotes(Readiness& readiness, std::string dispatcher)
      : readiness_{readiness}, dispatcher_{std::move(dispatcher)} {}

  /// An empty text removes the note.
  void note(About about, std::string text) {
    notes_.at(static_cast<std::size_t>(about)) = std::move(text);
    std::string all;
    for (const auto& one : notes_) {
      if (!one.empty()) all.append(all.empty() ? "" : "; ").append(one);
    }
    readiness_.note(dispatcher_, all);
  }

 private:
  Readiness& readiness_;
  std::string dispatcher_;
  std::array<std::string, 4> notes_;
};

}  // namespace outboxd::telemetry
