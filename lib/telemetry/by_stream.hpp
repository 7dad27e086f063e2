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

/// Stream names come from rows, so the programs that write rows must not be able to grow the metrics without bound:
/// this many streams have a label of their own, and only names that are no longer than this.
inline constexpr std::size_t kMostStreams = 200;
inline constexpr std::size_t kLongestStream = 256;
/// The label of all other streams.
inline constexpr const char* kOtherStreams = "other";

/// Whether a stream's name may be a label. A name that is not UTF-8 would make the whole page unreadable to scrapers.
[[nodiscard]] bool is_label(std::string_view stream);

/// A counter by stream and reason.
class ByStream {
 public:
  /// `labels`: the labels of all series. `streams`: the streams known from the settings, which always have a label.
  ByStream(prometheus::Family<prometheus::Counter>& family, prometheus::Labels labels,
           const std::vector<std::string>& streams);

  /// Returns the stream's counter; its series exists from now on.
  prometheus::Counter& of(std::string_view stream, Fault reason);

 private:
  using OfReasons = std::array<prometheus::Counter*, static_cast<std::size_t>(Fault::stopping) + 1>;

  prometheus::Family<prometheus::Counter>& family_;
  const prometheus::Labels labels_;
  std::map<std::string, OfReasons, std::less<>> streams_;
};

}  // namespace outboxd::telemetry
