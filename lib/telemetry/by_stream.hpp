// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/failure.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::telemetry {

/// Stream names come from rows, and whoever writes rows must not be able to grow the metrics without bound: so many
/// have a label of their own, and only what is no longer than this.
inline constexpr std::size_t kMostStreams = 200;
inline constexpr std::size_t kLongestStream = 256;
/// The label of all others.
inline constexpr const char* kOtherStreams = "other";

/// Whether a stream may be named in a label. One that is not UTF-8 would spoil the whole page for all who read it.
[[nodiscard]] bool is_label(std::string_view stream);

/// A counter by stream and reason.
class ByStream {
 public:
  /// `labels`: what all series have. `streams`: those known from the settings, which keep a place.
  ByStream(prometheus::Family<prometheus::Counter>& family, prometheus::Labels labels,
           const std::vector<std::string>& streams);

  /// Its series is there from now on.
  prometheus::Counter& of(std::string_view stream, Fault reason);

 private:
  using OfReasons = std::array<prometheus::Counter*, static_cast<std::size_t>(Fault::stopping) + 1>;

  prometheus::Family<prometheus::Counter>& family_;
  const prometheus::Labels labels_;
  std::map<std::string, OfReasons, std::less<>> streams_;
};

}  // namespace outboxd::telemetry
