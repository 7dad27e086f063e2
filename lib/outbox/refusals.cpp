// SPDX-License-Identifier: Apache-2.0
#include "outbox/refusals.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace outboxd {
namespace {

constexpr std::chrono::seconds kSweepInterval{1};
constexpr std::size_t kMostWords = 64;
constexpr std::size_t kLongestWords = 80;

bool is_error(Fault fault) {
  return fault == Fault::refused || fault == Fault::entry_refused || fault == Fault::stream_refused ||
         fault == Fault::redis_refuses;
}

/// An error without its numbers, which name a key, a size or a moment.
std::string words_of(std::string_view error) {
  std::string words;
  for (const char c : error) {
    if (words.size() == kLongestWords) break;
    if (c < '0' || c > '9') words.push_back(c);
  }
  return words;
}

template <class Map>
void remember(Map& map, std::string_view name, typename Map::mapped_type what) {
  const auto known = map.find(name);
  if (known != map.end()) {
    known->second = std::move(what);
  } else if (map.size() < Refusals::kMostRemembered) {
    map.emplace(std::string{name}, std::move(what));
  }
}

}  // namespace

/// What there is to see in one write.
struct Refusals::Write {
  std::span<const Reply> replies;
  std::span<const SentEntry> sent;
  struct Taken {
    std::size_t first;
    std::size_t last;
    std::size_t count;
  };
  std::unordered_map<std::string_view, Taken> taken;
  std::optional<std::size_t> last_taken;
  /// Streams of which a row is refused for the first time, as far as is remembered.
  std::unordered_set<std::string_view> newly_refused;

  Write(std::span<const Reply> all_replies, std::span<const SentEntry> all_sent, const Refusals& memory)
      : replies{all_replies}, sent{all_sent} {
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (is_error(replies[i].fault) && !memory.rows_.contains(sent[i].id)) newly_refused.insert(sent[i].stream);
      if (replies[i].fault != Fault::none) continue;
      auto& of_stream = taken.try_emplace(sent[i].stream, Taken{i, i, 0}).first->second;
      of_stream.last = i;
      ++of_stream.count;
      last_taken = i;
    }
  }
};

std::vector<std::size_t> Refusals::judge(std::span<Reply> replies, std::span<const SentEntry> sent, TimePoint now) {
  forget_old(now);
  const bool all_taken = std::ranges::all_of(
      replies, [](Fault fault) { return fault == Fault::none; }, &Reply::fault);
  if (all_taken && rows_.empty() && streams_.empty() && unanswered_.empty()) {
    taken_ += replies.size();
    served_ += replies.size();
    return {};
  }
  const std::vector<Reply> told(replies.begin(), replies.end());
  const Write write{told, sent, *this};
  std::vector<std::size_t> unsure_of;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (is_error(told[i].fault)) {
      bool unsure = false;
      replies[i].fault = judge_error(write, i, unsure);
      if (unsure) unsure_of.push_back(i);
    } else if (told[i].fault == Fault::unanswered) {
      // Failing again tells something about the row only if Redis took others in between: an outage fails everybody.
      const auto before = unanswered_.find(sent[i].id);
      const bool others_went_through = before != unanswered_.end() && taken_ > before->second.taken;
      replies[i].singled_out = replies.size() == 1 && others_went_through;
    }
  }
  remember_taken(write);
  remember_refused(write, now);
  remember_answers(write, replies, now);
  return unsure_of;
}

Fault Refusals::judge_error(const Write& write, std::size_t index, bool& unsure) const {
  const auto& stream = write.sent[index].stream;
  const auto guess = write.replies[index].fault;
  const auto of_stream = write.taken.find(stream);
  const bool stream_goes_on = of_stream != write.taken.end() && of_stream->second.last > index;
  const auto row = rows_.find(write.sent[index].id);
  const bool was_refused = row != rows_.end();
  const bool passes = passing_.contains(words_of(write.replies[index].text));
  if (stream_goes_on) {
    // Words that speak of others have the benefit of the doubt once.
    const bool speaks_of_others = guess == Fault::stream_refused || guess == Fault::redis_refuses;
    return passes || (speaks_of_others && !was_refused) ? Fault::refused : Fault::entry_refused;
  }
  if (guess == Fault::stream_refused) return guess;
  if (was_refused && !passes && went_through_since(write, index)) {
    unsure = true;
    return Fault::entry_refused;
  }
  if (guess != Fault::redis_refuses) {
    if (of_stream != write.taken.end()) return Fault::refused;
    if (write.last_taken) return Fault::stream_refused;
  }
  const auto memory = streams_.find(stream);
  const bool others_go_on =
      (write.last_taken && *write.last_taken > index) ||
      (memory != streams_.end() && memory->second.is_refused && served_ > memory->second.served);
  return others_go_on ? Fault::stream_refused : Fault::redis_refuses;
}

// Others of its stream, after its last refusal; and no further one is refused now for the first time, which would
// look like the beginning of an outage.
bool Refusals::went_through_since(const Write& write, std::size_t index) const {
  const auto& stream = write.sent[index].stream;
  const auto row = rows_.find(write.sent[index].id);
  const auto memory = streams_.find(stream);
  if (memory == streams_.end() || memory->second.taken <= row->second.taken_of_stream) return false;
  return !write.newly_refused.contains(stream);
}

void Refusals::remember_taken(const Write& write) {
  for (std::size_t i = 0; i < write.replies.size(); ++i) {
    if (write.replies[i].fault != Fault::none) continue;
    ++taken_;
    ++served_;
    if (rows_.empty()) continue;
    const auto row = rows_.find(write.sent[i].id);
    if (row == rows_.end()) continue;
    const bool may_learn = passing_.size() < kMostWords || passing_.contains(row->second.words);
    if (may_learn) passing_[row->second.words] = swept_at_;
    rows_.erase(row);
  }
  if (streams_.empty()) return;
  for (const auto& [stream, taken] : write.taken) {
    const auto memory = streams_.find(stream);
    if (memory == streams_.end()) continue;
    memory->second.taken += taken.count;
    memory->second.is_refused = false;
  }
}

void Refusals::remember_refused(const Write& write, TimePoint now) {
  for (std::size_t i = 0; i < write.replies.size(); ++i) {
    if (!is_error(write.replies[i].fault)) continue;
    const auto& entry = write.sent[i];
    auto stream = streams_.find(entry.stream);
    if (stream == streams_.end()) {
      if (streams_.size() >= kMostRemembered) continue;
      stream = streams_.emplace(std::string{entry.stream}, RefusedStream{}).first;
    }
    stream->second.since = now;
    stream->second.is_refused = true;
    stream->second.served = served_;
    remember(rows_, entry.id, {now, stream->second.taken, words_of(write.replies[i].text)});
  }
}

void Refusals::remember_answers(const Write& write, std::span<const Reply> judged, TimePoint now) {
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (judged[i].fault == Fault::unanswered) {
      suspicion_ends_ = now + kSuspicion;
      remember(unanswered_, write.sent[i].id, {now, taken_});
    } else if (judged[i].fault != Fault::redis_refuses && judged[i].fault != Fault::redis_away &&
               !unanswered_.empty()) {
      const auto row = unanswered_.find(write.sent[i].id);
      if (row != unanswered_.end()) unanswered_.erase(row);
    }
  }
}

void Refusals::forget_old(TimePoint now) {
  if (now < swept_at_ + kSweepInterval) return;
  swept_at_ = now;
  const auto is_old = [now](const auto& known) { return now >= known.second.since + kMemory; };
  std::erase_if(rows_, is_old);
  std::erase_if(unanswered_, is_old);
  std::erase_if(streams_, is_old);
  std::erase_if(passing_, [now](const auto& known) { return now >= known.second + kMemory; });
}

}  // namespace outboxd
