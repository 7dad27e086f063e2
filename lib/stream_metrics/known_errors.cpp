// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/known_errors.hpp"

#include "redis/command_session.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace outboxd::stream_metrics {
namespace {

constexpr std::string_view kForbidden = "forbidden";
constexpr std::string_view kUnsupported = "unsupported";
constexpr std::string_view kTooLarge = "too_large";

}  // namespace

std::string_view word_of(const redis::Value& answer) {
  if (answer.kind != redis::Value::Kind::error) return {};
  const std::string_view text = answer.text;
  if (text.starts_with("NOPERM")) return kForbidden;
  if (text.starts_with("ERR unknown") || text.starts_with("ERR unsupported")) return kUnsupported;
  if (text.starts_with(redis::kOverBounds)) return kTooLarge;
  return text.starts_with("WRONGTYPE") ? "wrong_type" : "failed";
}

bool is_lasting(const redis::Value& answer) {
  const auto word = word_of(answer);
  return word == kForbidden || word == kUnsupported || word == kTooLarge;
}

redis::Value over_bounds() {
  redis::Value answer;
  answer.kind = redis::Value::Kind::error;
  answer.text = redis::kOverBounds;
  return answer;
}

std::size_t size_of(const redis::Value& answer) {
  std::size_t bytes = answer.text.size();
  for (const auto& item : answer.items) bytes += size_of(item);
  return bytes;
}

std::vector<Command> over_budget(std::vector<SizedAnswer> answers, std::size_t budget) {
  std::size_t all = 0;
  for (const auto& answer : answers) all += answer.bytes;
  std::ranges::sort(answers, std::ranges::greater{}, &SizedAnswer::bytes);
  std::vector<Command> largest;
  for (auto& answer : answers) {
    if (all <= budget) break;
    all -= answer.bytes;
    largest.push_back(std::move(answer.command));
  }
  return largest;
}

const redis::Value* KnownErrors::of(const Command& command, TimePoint now) const {
  const auto known = errors_.find(command);
  if (known == errors_.end() || now - known->second.since >= kAskedAgainAfter) return nullptr;
  return &known->second.answer;
}

void KnownErrors::note(const Command& command, const redis::Value& answer, TimePoint now) {
  if (!is_lasting(answer)) {
    errors_.erase(command);
    return;
  }
  if (errors_.size() >= kMost) {
    std::erase_if(errors_, [now](const auto& known) { return now - known.second.since >= kAskedAgainAfter; });
  }
  if (errors_.size() < kMost || errors_.contains(command)) errors_.insert_or_assign(command, Known{answer, now});
}

}  // namespace outboxd::stream_metrics
