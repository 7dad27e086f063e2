// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/digest.hpp"
#include "telemetry/dispatcher/log_part.hpp"
#include "telemetry/dispatcher/readiness_notes.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace outboxd::telemetry {

/// Streams that Redis refuses while it takes others, in the log and for /readyz.
class BlockedStreamsLog final : public LogPart {
 public:
  /// `notes` outlives this.
  BlockedStreamsLog(const LogContext& context, ReadinessNotes& notes) : LogPart{context}, notes_{notes} {}

  void stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) override;
  void stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) override;
  void beat(TimePoint now) override;

 private:
  struct Block {
    TimePoint since{};
    /// The log has named the stream.
    bool told = false;
    std::string reason{};
  };

  void note(std::size_t blocked);

  ReadinessNotes& notes_;
  Digest lines_;
  /// The blocked streams, at most outboxd::BlockedStreams::kMost.
  std::map<std::string, Block, std::less<>> blocked_;
  TimePoint told_at_{};
};

}  // namespace outboxd::telemetry
