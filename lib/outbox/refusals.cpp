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
         fault == Fault::redis_unavailable;
}

/// An error without its numbers, which stand for a key, a size or a time.
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

/// An entry, its position in its write, and the fault of its reply before it is judged.
struct Refusals::Told {
  SentEntry entry;
  std::size_t place;
  Fault fault;
};

/// The facts that one write shows.
struct Refusals::Write {
  std::vector<Told> all;
  struct Taken {
    std::size_t last;
    std::size_t count;
  };
  std::unordered_map<std::string_view, Taken> taken;
  std::optional<std::size_t> last_taken;
  /// Streams of which a row is refused for the first time, as far as is remembered.
  std::unordered_set<std::string_view> newly_refused;

  Write(std::span<const SentEntry> sent, const Refusals& memory) {
    all.reserve(sent.size());
    for (const auto& entry : sent) {
      const auto& told = all.emplace_back(Told{entry, all.size(), entry.reply->fault});
      if (is_error(told.fault) && !memory.rows_.contains(entry.id)) newly_refused.insert(entry.stream);
      if (told.fault != Fault::none) continue;
      auto& of_stream = taken.try_emplace(entry.stream, Taken{told.place, 0}).first->second;
      of_stream.last = told.place;
      ++of_stream.count;
      last_taken = told.place;
    }
  }
};

std::vector<SentEntry> Refusals::judge(std::span<const SentEntry> sent, TimePoint now) {
  forget_old(now);
  const bool all_taken =
      std::ranges::all_of(sent, [](const SentEntry& entry) { return entry.reply->fault == Fault::none; });
  if (all_taken && rows_.empty() && streams_.empty() && unanswered_.empty()) {
    taken_ += sent.size();
    served_ += sent.size();
    return {};
  }
  const Write write{sent, *this};
  std::vector<SentEntry> unsure_of;
  for (const auto& told : write.all) {
    if (is_error(told.fault)) {
      bool unsure = false;
      told.entry.reply->fault = judge_error(write, told, unsure);
      if (unsure) unsure_of.push_back(told.entry);
    } else if (told.fault == Fault::unanswered) {
      // A repeated failure counts against the row only if Redis took other entries in between: an outage fails all
      // entries.
      const auto before = unanswered_.find(told.entry.id);
      const bool others_went_through = before != unanswered_.end() && taken_ > before->second.taken;
      told.entry.reply->singled_out = sent.size() == 1 && others_went_through;
    }
  }
  remember_taken(write);
  remember_refused(write, now);
  remember_answers(sent, now);
  return unsure_of;
}

Fault Refusals::judge_error(const Write& write, const Told& told, bool& unsure) const {
  const auto& stream = told.entry.stream;
  const auto of_stream = write.taken.find(stream);
  const bool stream_goes_on = of_stream != write.taken.end() && of_stream->second.last > told.place;
  const bool was_refused = rows_.contains(told.entry.id);
  const bool passes = passing_.contains(words_of(told.entry.reply->text));
  if (stream_goes_on) {
    // An error that blames other causes is believed once.
    const bool speaks_of_others = told.fault == Fault::stream_refused || told.fault == Fault::redis_unavailable;
    return passes || (speaks_of_others && !was_refused) ? Fault::refused : Fault::entry_refused;
  }
  if (told.fault == Fault::stream_refused) return told.fault;
  if (was_refused && !passes && went_through_since(write, told)) {
    unsure = true;
    return Fault::entry_refused;
  }
  if (told.fault != Fault::redis_unavailable) {
    if (of_stream != write.taken.end()) return Fault::refused;
    if (write.last_taken) return Fault::stream_refused;
  }
  const auto memory = streams_.find(stream);
  const bool others_go_on =
      (write.last_taken && *write.last_taken > told.place) ||
      (memory != streams_.end() && memory->second.is_refused && served_ > memory->second.served);
  return others_go_on ? Fault::stream_refused : Fault::redis_unavailable;
}

// Other entries of its stream were taken after its last refusal; and no further one is refused now for the first
// time, which would look like the beginning of an outage.
bool Refusals::went_through_since(const Write& write, const Told& told) const {
  const auto& stream = told.entry.stream;
  const auto row = rows_.find(told.entry.id);
  const auto memory = streams_.find(stream);
  if (memory == streams_.end() || memory->second.taken <= row->second.taken_of_stream) return false;
  return !write.newly_refused.contains(stream);
}

void Refusals::remember_taken(const Write& write) {
  for (const auto& told : write.all) {
    if (told.fault != Fault::none) continue;
    ++taken_;
    ++served_;
    if (rows_.empty()) continue;
    const auto row = rows_.find(told.entry.id);
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
  for (const auto& told : write.all) {
    if (!is_error(told.fault)) continue;
    const auto& entry = told.entry;
    auto stream = streams_.find(entry.stream);
    if (stream == streams_.end()) {
      if (streams_.size() >= kMostRemembered) continue;
      stream = streams_.emplace(std::string{entry.stream}, RefusedStream{}).first;
    }
    stream->second.since = now;
    stream->second.is_refused = true;
    stream->second.served = served_;
    remember(rows_, entry.id, {now, stream->second.taken, words_of(entry.reply->text)});
  }
}

void Refusals::remember_answers(std::span<const SentEntry> judged, TimePoint now) {
  for (const auto& [id, stream, reply] : judged) {
    if (reply->fault == Fault::unanswered) {
      suspicion_ends_ = now + kSuspicion;
      remember(unanswered_, id, {now, taken_});
    } else if (reply->fault != Fault::redis_unavailable && reply->fault != Fault::redis_unreachable &&
               reply->fault != Fault::redis_login_refused && !unanswered_.empty()) {
      const auto row = unanswered_.find(id);
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
