// SPDX-License-Identifier: Apache-2.0
#include "outbox/blocked_streams.hpp"

#include <algorithm>

namespace outboxd {
namespace {

// Up to this many blocked streams are probed at their own pace; beyond it each is probed less often.
constexpr std::size_t kProbedAtFullPace = 16;
constexpr int kTrialsToProbes = 5;
constexpr std::size_t kTrialGrowth = 8;

}  // namespace

bool BlockedStreams::refuse(const std::string& stream, const std::string& reason, TimePoint now, double random) {
  auto known = streams_.find(stream);
  const bool is_new = known == streams_.end();
  if (is_new) {
    if (streams_.size() >= kMost) return false;
    known = streams_
                .emplace(stream, Stream{now, reason, Backoff{shortest_, longest_},
                                        Backoff{shortest_, kTrialsToProbes * longest_}})
                .first;
  }
  auto& blocked = known->second;
  // An entry that was sent before the stream was left out is no news.
  if (!is_new && blocked.state == State::left_out && blocked.next_at != TimePoint::max()) return false;
  const bool was_on_trial = blocked.state == State::on_trial;
  if (was_on_trial) blocked.entries_on_trial = std::min(kTrialGrowth * blocked.entries_on_trial, kMostOnTrial);
  auto& backoff = was_on_trial ? blocked.trials : blocked.probes;
  const bool is_news = is_new || blocked.reason != reason;
  blocked.reason = reason;
  blocked.state = State::left_out;
  ++blocked.refusals;
  const auto crowd = static_cast<int>(1 + streams_.size() / kProbedAtFullPace);
  blocked.next_at = now + crowd * backoff.next(random);
  return is_news;
}

std::optional<BlockedStreams::TimePoint> BlockedStreams::accept(const std::string& stream) {
  if (streams_.empty()) return std::nullopt;
  const auto known = streams_.find(stream);
  if (known == streams_.end()) return std::nullopt;
  const auto since = known->second.since;
  streams_.erase(known);
  return since;
}

void BlockedStreams::put_on_trial(const std::string& stream, TimePoint now) {
  const auto known = streams_.find(stream);
  if (known == streams_.end()) return;
  known->second.state = State::on_trial;
  known->second.next_at = now + kTrial;
}

void BlockedStreams::put_all_on_trial(TimePoint now) {
  for (auto& [name, stream] : streams_) {
    if (stream.state == State::left_out) {
      stream.state = State::on_trial;
      stream.next_at = now + kTrial;
    }
  }
}

void BlockedStreams::was_not_probed(const std::string& stream, TimePoint now) {
  const auto known = streams_.find(stream);
  if (known != streams_.end()) known->second.next_at = now;
}

void BlockedStreams::probe_all(TimePoint now) {
  for (auto& [name, stream] : streams_) {
    if (stream.state == State::left_out && stream.next_at != TimePoint::max()) stream.next_at = now;
  }
}

std::vector<std::string> BlockedStreams::end_idle_trials(TimePoint now) {
  std::vector<std::string> ended;
  for (const auto& [name, stream] : streams_) {
    if (stream.state == State::on_trial && stream.next_at <= now) ended.push_back(name);
  }
  for (const auto& name : ended) streams_.erase(name);
  return ended;
}

std::optional<std::string> BlockedStreams::next_probe(TimePoint now) {
  for (auto& [name, stream] : streams_) {
    if (stream.state != State::left_out || stream.next_at > now) continue;
    stream.next_at = TimePoint::max();
    return name;
  }
  return std::nullopt;
}

BlockedStreams::TimePoint BlockedStreams::next_at() const {
  auto next = TimePoint::max();
  for (const auto& [name, stream] : streams_) next = std::min(next, stream.next_at);
  return next;
}

std::optional<std::size_t> BlockedStreams::entries_allowed(const std::string& stream) const {
  const auto known = streams_.find(stream);
  if (known == streams_.end()) return std::nullopt;
  return known->second.state == State::on_trial ? known->second.entries_on_trial : 0;
}

std::vector<std::string> BlockedStreams::left_out() const {
  std::vector<std::string> names;
  for (const auto& [name, stream] : streams_) {
    if (stream.state == State::left_out) names.push_back(name);
  }
  return names;
}

bool BlockedStreams::any_left_out_before(std::uint32_t times) const {
  return std::ranges::any_of(streams_, [times](const auto& known) {
    return known.second.state == State::left_out && known.second.refusals < times;
  });
}

}  // namespace outboxd
