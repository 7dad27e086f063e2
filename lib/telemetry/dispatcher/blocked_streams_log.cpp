// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/blocked_streams_log.hpp"

#include "telemetry/health_log.hpp"
#include "telemetry/reason_kind.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {
namespace {

constexpr std::size_t kMostNamed = 10;

}  // namespace

void BlockedStreamsLog::stream_blocked(std::string_view stream, std::string_view reason, std::size_t blocked) {
  const auto at = now();
  const auto [known, is_new] = blocked_.try_emplace(std::string{stream}, Block{at, false, brief(reason)});
  auto& block = known->second;
  const auto before = std::exchange(block.reason, brief(reason));
  note(blocked);
  if (!is_new && kind_of(before) == kind_of(block.reason)) return;
  // A stream without a line is in the next reminder.
  if (!lines_.admit(stream, reason, "", at)) return;
  block.told = true;
  if (blocked_.size() == 1) told_at_ = at;
  spdlog::warn(
      "{}: stream {} is blocked ({}): its rows wait with their attempts, and others go on; it is probed until Redis "
      "takes it again. Blocked streams: {}",
      name(), brief(stream), cut(reason), blocked);
}

void BlockedStreamsLog::stream_freed(std::string_view stream, std::chrono::nanoseconds after, std::size_t blocked) {
  const auto known = blocked_.find(stream);
  const bool was_told = known != blocked_.end() && known->second.told;
  if (known != blocked_.end()) blocked_.erase(known);
  note(blocked);
  // Each stream that the log has called blocked gets a line when it is free again.
  if (was_told) spdlog::info("{}: stream {} is no longer blocked, after {}", name(), brief(stream), lasted(after));
}

void BlockedStreamsLog::note(std::size_t blocked) {
  std::string text = blocked > 1 ? fmt::format("{} streams are blocked, among them: ", blocked) : "";
  const char* separator = "";
  std::size_t named = 0;
  const auto at = now();
  for (const auto& [stream, block] : blocked_) {
    if (named++ == kMostNamed) break;
    text += fmt::format("{}stream {} is blocked since {} ({})", std::exchange(separator, "; "), brief(stream),
                        began_at(at - block.since), block.reason);
  }
  notes_.note(ReadinessNotes::About::blocked_streams, std::move(text));
}

void BlockedStreamsLog::beat(TimePoint now) {
  // Streams that had no line are in the reminder, if they are still blocked.
  lines_.over(now);
  if (blocked_.empty() || now - told_at_ < HealthLog::kReminder) return;
  told_at_ = now;
  std::string named;
  std::size_t count = 0;
  for (auto& [stream, block] : blocked_) {
    if (count++ == kMostNamed) break;
    block.told = true;
    named += fmt::format("{}{} for {} ({})", named.empty() ? "" : "; ", brief(stream), lasted(now - block.since),
                         block.reason);
  }
  spdlog::warn("{}: {} stream(s) are blocked{}: {}", name(), blocked_.size(),
               blocked_.size() > kMostNamed ? ", among them" : "", named);
}

}  // namespace outboxd::telemetry
