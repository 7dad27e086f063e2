// SPDX-License-Identifier: Apache-2.0
#include "telemetry/by_stream.hpp"

#include "outbox/utf8.hpp"

namespace outboxd::telemetry {

bool is_label(std::string_view stream) {
  return !stream.empty() && stream.size() <= kLongestStream && utf8::is_valid(stream);
}

std::vector<std::string> fault_labels() {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Fault::stopping); ++i) {
    labels.emplace_back(to_string(static_cast<Fault>(i)));
  }
  return labels;
}

ByStream<prometheus::Counter> by_stream_and_fault(Family<prometheus::Counter>& family, prometheus::Labels labels,
                                                  std::vector<std::string> streams,
                                                  std::span<const Fault> from_start) {
  std::vector<std::size_t> numbers;
  for (const auto fault : from_start) numbers.push_back(static_cast<std::size_t>(fault));
  return {family, {std::move(labels), std::move(streams), fault_labels(), std::move(numbers)}};
}

}  // namespace outboxd::telemetry
