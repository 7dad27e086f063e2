// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/read_stream.hpp"

#include "daemon/settings/options_from_settings.hpp"
#include "daemon/signatures/stream_reader.hpp"
#include "daemon/trace/row_story.hpp"
#include "daemon/trace/stream_story.hpp"
#include "entry/entry.hpp"
#include "streams/seen.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

namespace outboxd::daemon::trace {
namespace {

using redis::Value;
using std::chrono::system_clock;
using streams::why_not_known;

constexpr std::size_t kMostEntries = 20;
constexpr std::size_t kMostTracedGroups = 100;

std::optional<Milliseconds> clock_of(const Value& answer) {
  if (answer.kind != Value::Kind::array || answer.items.size() != 2) return std::nullopt;
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;
  const auto read = [](const std::string& text, std::int64_t& number) {
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
  };
  if (!read(answer.items[0].text, seconds) || !read(answer.items[1].text, microseconds)) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds{seconds} +
                                                  std::chrono::microseconds{microseconds});
}

std::string_view value_of(const EntryView& entry, std::string_view name) {
  const auto field = std::ranges::find(entry.fields, name, &entry::FieldView::name);
  return field == entry.fields.end() ? std::string_view{} : field->value;
}

bool is_asked_for(const StreamQuestion& question, const EntryView& entry) {
  const auto outbox_id = value_of(entry, entry::kIdField);
  if (question.row != nullptr) return outbox_id == question.row->id;
  return outbox_id == question.id || value_of(entry, entry::kDedupeField) == question.id;
}

/// The answer to XPENDING with a range of one id.
std::optional<PendingDelivery> delivery_of(const Value& answer) {
  constexpr std::size_t kParts = 4;
  if (answer.items.empty() || answer.items.front().items.size() < kParts) return std::nullopt;
  const auto& parts = answer.items.front().items;
  PendingDelivery delivery{.consumer = parts[1].text,
                           .deliveries = static_cast<std::uint64_t>(std::max(0LL, parts[3].number))};
  // Below 0: a consumer has given it back.
  if (parts[2].number >= 0) delivery.idle = Milliseconds{parts[2].number};
  return delivery;
}

bool is_error_of(const Value& answer, std::string_view beginning) {
  return answer.kind == Value::Kind::error && answer.text.starts_with(beginning);
}

}  // namespace

StreamServer::StreamServer(const config::Settings& settings)
    : settings_{settings}, endpoint_{redis_endpoint(settings)} {}

void StreamServer::connect() {
  if (session_) return;
  session_ = std::make_unique<redis::CommandSession>(
      endpoint_, std::max(settings_.redis.connect_timeout, settings_.redis.timeout), redis::kBoundsOfLooks);
  const auto before = system_clock::now();
  const auto answer = session_->ask({"TIME"});
  const auto middle = before + (system_clock::now() - before) / 2;
  now_ = clock_of(answer);
  if (now_) {
    clock_ahead_ = *now_ - std::chrono::duration_cast<Milliseconds>(middle.time_since_epoch());
  } else {
    why_no_clock_ = why_not_known("TIME", answer);
  }
}

StreamFacts StreamServer::read(const StreamQuestion& question) {
  StreamFacts facts{.server = name(), .stream = question.stream};
  if (!is_unreachable()) {
    try {
      connect();
      facts.now = now_;
      facts.clock_ahead = clock_ahead_;
      search(question, facts);
      // After the search: what was trimmed meanwhile is then seen to be.
      look_at_stream(facts);
      for (auto& entry : facts.entries) look_at_groups(facts, entry);
      return facts;
    } catch (const std::exception& error) {
      why_unreachable_ = error.what();
    }
  }
  facts.problem = why_unreachable_;
  // For entries that were found before it fell silent.
  facts.groups.reset();
  facts.why_no_groups = why_unreachable_;
  return facts;
}

void StreamServer::search(const StreamQuestion& question, StreamFacts& facts) {
  auto& search = facts.search;
  const auto when = question.row == nullptr ? AddedWhen{} : added_when(*question.row, clock_ahead_);
  const auto ranges = ranges_to_search(when, time_in_uuid7(question.row == nullptr ? question.id : question.row->id));
  search.from = when.after ? std::to_string(when.after->count()) : "-";
  auto judge = question.judge ? question.judge(question.stream) : std::nullopt;
  const auto visit = [&](const std::vector<EntryView>& page) {
    for (const auto& entry : page) {
      ++search.entries_read;
      if (!is_asked_for(question, entry)) continue;
      if (facts.entries.size() == kMostEntries) {
        ++search.unlisted;
        continue;
      }
      auto& found = facts.entries.emplace_back(
          EntryFacts{.id = std::string{entry.id}, .outbox_id = std::string{value_of(entry, entry::kIdField)}});
      if (judge) found.judgement = judge->judge(entry.fields, time_of(entry.id).value_or(EntryTime{}));
    }
    return true;
  };
  StreamReaderOptions options{.endpoint = endpoint_,
                              .connect_timeout = settings_.redis.connect_timeout,
                              .timeout = settings_.redis.timeout,
                              .stream = question.stream};
  options.most_bytes = std::max<std::size_t>(options.most_bytes, 2 * settings_.dispatcher.max_payload_bytes);
  try {
    StreamReader reader{options};
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      auto range = ranges[i];
      range.count = question.max_entries - search.entries_read;
      range.from = reader.read(range, visit);
      if (search.entries_read < question.max_entries) continue;
      bool is_more = i + 1 < ranges.size();
      range.count = 1;
      (void)reader.read(range, [&is_more](const auto& page) {
        is_more = is_more || !page.empty();
        return false;
      });
      if (!is_more) break;
      search.why_incomplete = "the search stopped after " + std::to_string(search.entries_read) +
                              " entries; raise --max-entries to search further";
      break;
    }
  } catch (const std::exception& error) {
    search.why_incomplete = error.what();
  }
  std::ranges::sort(facts.entries, [](const EntryFacts& one, const EntryFacts& other) {
    const auto a = redis::read_entry_id(one.id).value_or(redis::EntryId{});
    return redis::read_entry_id(other.id).value_or(redis::EntryId{}).is_above(a);
  });
}

void StreamServer::look_at_stream(StreamFacts& facts) {
  const auto info = session_->ask({"XINFO", "STREAM", facts.stream});
  const auto groups = session_->ask({"XINFO", "GROUPS", facts.stream});
  for (const auto* answer : {&info, &groups}) {
    facts.is_missing = facts.is_missing || is_error_of(*answer, "ERR no such key");
    if (is_error_of(*answer, "WRONGTYPE"))
      facts.problem = "this key is not a stream, so nothing can be published to it";
  }
  if (facts.is_missing || !facts.problem.empty()) return;
  facts.info = redis::read_stream_info(info);
  if (!facts.info) facts.why_no_info = why_not_known("XINFO STREAM", info);
  if (groups.kind == Value::Kind::array) {
    facts.groups = redis::read_groups(groups);
    if (facts.groups->size() <= kMostTracedGroups) return;
    facts.groups->resize(kMostTracedGroups);
    facts.why_no_groups = "it has more than " + std::to_string(kMostTracedGroups) + ", of which the first are shown";
  } else {
    facts.why_no_groups = why_not_known("XINFO GROUPS", groups);
  }
}

void StreamServer::look_at_groups(StreamFacts& facts, EntryFacts& entry) {
  if (!facts.groups) return;
  for (const auto& group : *facts.groups) {
    auto& seen = entry.groups.emplace_back(GroupFacts{.group = group});
    if (group.pending == 0) continue;
    const auto answer = session_->ask({"XPENDING", facts.stream, group.name, entry.id, entry.id, "1"});
    seen.pending = delivery_of(answer);
    if (answer.kind != Value::Kind::array) seen.why_unknown = why_not_known("XPENDING", answer);
  }
}

}  // namespace outboxd::daemon::trace
