// SPDX-License-Identifier: Apache-2.0
#include "telemetry/by_stream.hpp"

#include "outbox/utf8.hpp"

#include <utility>

namespace outboxd::telemetry {

bool is_label(std::string_view stream) {
  return !stream.empty() && stream.size() <= kLongestStream && utf8::is_valid(stream);
}

ByStream::ByStream(prometheus::Family<prometheus::Counter>& family, prometheus::Labels labels,
                   const std::vector<std::string>& streams)
    : family_(family), labels_(std::move(labels)) {
  streams_.emplace(kOtherStreams, OfReasons{});
  for (const auto& stream : streams) {
    if (streams_.size() <= kMostStreams && is_label(stream)) streams_.emplace(stream, OfReasons{});
  }
}

prometheus::Counter& ByStream::of(std::string_view stream, Fault reason) {
  auto known = streams_.find(stream);
  if (known == streams_.end()) {
    const bool fits = streams_.size() <= kMostStreams && is_label(stream);
    known = fits ? streams_.emplace(stream, OfReasons{}).first : streams_.find(kOtherStreams);
  }
  auto*& counter = known->second.at(static_cast<std::size_t>(reason));
  if (counter == nullptr) {
    auto labels = labels_;
    labels.emplace("stream", known->first);
    labels.emplace("reason", to_string(reason));
    counter = &family_.Add(labels);
  }
  return *counter;
}

}  // namespace outboxd::telemetry
