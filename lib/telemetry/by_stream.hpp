// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/failure.hpp"
#include "telemetry/families.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

/// The labels of faults, by their numbers.
[[nodiscard]] std::vector<std::string> fault_labels();

/// Which streams and reasons the series of a family have.
struct ByStreamLabels {
  /// The labels of all series.
  prometheus::Labels all;
  /// The streams known from the settings, which always have a label.
  std::vector<std::string> streams;
  /// The labels of reasons, by their numbers.
  std::vector<std::string> reasons;
  /// The numbers of the reasons for which the known streams, and the others, have series from the start. Series of
  /// other streams and reasons exist from their first event on.
  std::vector<std::size_t> from_start;
};

/// A counter or gauge by stream and reason.
template <class Metric>
class ByStream {
 public:
  ByStream(Family<Metric>& family, ByStreamLabels labels) : family_{family}, labels_{std::move(labels)} {
    add(kOtherStreams);
    for (const auto& stream : labels_.streams) {
      if (streams_.size() <= kMostStreams && is_label(stream)) add(stream);
    }
  }

  /// Returns the stream's metric; its series exists from now on.
  Metric& of(std::string_view stream, std::size_t reason) {
    auto known = streams_.find(stream);
    if (known == streams_.end()) {
      const bool fits = streams_.size() <= kMostStreams && is_label(stream);
      known = fits ? streams_.emplace(stream, OfReasons(labels_.reasons.size())).first : streams_.find(kOtherStreams);
    }
    return series(known->first, known->second, reason);
  }

 private:
  using OfReasons = std::vector<Metric*>;

  void add(const std::string& stream) {
    const auto added = streams_.emplace(stream, OfReasons(labels_.reasons.size())).first;
    for (const auto reason : labels_.from_start) series(added->first, added->second, reason);
  }
  Metric& series(const std::string& stream, OfReasons& of_reasons, std::size_t reason) {
    auto*& metric = of_reasons.at(reason);
    if (metric == nullptr) {
      auto labels = labels_.all;
      labels.emplace("stream", stream);
      labels.emplace("reason", labels_.reasons.at(reason));
      metric = &family_.Add(labels);
    }
    return *metric;
  }

  Family<Metric>& family_;
  const ByStreamLabels labels_;
  std::map<std::string, OfReasons, std::less<>> streams_;
};

/// Counters by stream and fault. `from_start`: the faults that occur.
[[nodiscard]] ByStream<prometheus::Counter> by_stream_and_fault(Family<prometheus::Counter>& family,
                                                                prometheus::Labels labels,
                                                                std::vector<std::string> streams,
                                                                std::span<const Fault> from_start);

}  // namespace outboxd::telemetry
