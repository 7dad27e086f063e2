// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/stream_reader.hpp"

#include "outbox/utf8.hpp"
#include "redis/error_text.hpp"
#include "telemetry/escape.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace outboxd::daemon {
namespace {

using Kind = redis::Value::Kind;

constexpr std::size_t kMostItems = 1UL << 20U;
constexpr std::size_t kPendingIdsAtOnce = 500;

std::string printable(std::string_view text) {
  std::string shown;
  telemetry::append_printable(shown, utf8::shortened(text, 200));
  return shown;
}

[[noreturn]] void fail_as_unknown(std::string_view command) {
  throw std::runtime_error("Redis gave an answer to " + std::string{command} +
                           " that no Redis from 7.0 on gives; check redis.url");
}

std::size_t bytes_of(const std::vector<EntryView>& entries) {
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    for (const auto& field : entry.fields) bytes += field.name.size() + field.value.size();
  }
  return bytes;
}

/// The value behind a name in an answer that lists names and values.
const redis::Value* find(const redis::Value& answer, std::string_view name) {
  for (std::size_t i = 0; i + 1 < answer.items.size(); i += 2) {
    if (answer.items[i].text == name) return &answer.items[i + 1];
  }
  return nullptr;
}

}  // namespace

std::vector<EntryView> entries_of(const redis::Value& answer) {
  std::vector<EntryView> entries;
  if (answer.kind != Kind::array) fail_as_unknown("XRANGE");
  entries.reserve(answer.items.size());
  for (const auto& item : answer.items) {
    if (item.items.size() != 2 || item.items[1].items.size() % 2 != 0) fail_as_unknown("XRANGE");
    auto& entry = entries.emplace_back(EntryView{.id = item.items[0].text, .fields = {}});
    const auto& words = item.items[1].items;
    entry.fields.reserve(words.size() / 2);
    for (std::size_t i = 0; i < words.size(); i += 2) entry.fields.push_back({words[i].text, words[i + 1].text});
  }
  return entries;
}

StreamReader::StreamReader(StreamReaderOptions options) : options_{std::move(options)} {}

redis::CommandSession& StreamReader::session() {
  if (!session_) {
    const redis::ReplyBounds bounds{
        .bytes = options_.most_bytes, .items = kMostItems, .bytes_of_exchange = options_.most_bytes};
    session_ = std::make_unique<redis::CommandSession>(options_.endpoint,
                                                       std::max(options_.connect_timeout, options_.timeout), bounds);
  }
  return *session_;
}

redis::Value StreamReader::ask(std::initializer_list<std::string_view> command) {
  auto answer = session().call(command);
  require_no_error(answer, std::vector<std::string_view>{command});
  return answer;
}

void StreamReader::require_no_error(const redis::Value& answer, std::span<const std::string_view> command) const {
  if (answer.kind != Kind::error) return;
  if (answer.text.starts_with("WRONGTYPE")) {
    throw std::runtime_error("the key " + printable(options_.stream) + " at " + options_.endpoint.shown +
                             " is not a stream; name another one");
  }
  std::string sent;
  redis::append_command(sent, command);
  throw std::runtime_error("Redis at " + options_.endpoint.shown + " refuses " + std::string{command.front()} + ": " +
                           redis::ErrorTexts{sent}.shown(answer.text));
}

template <class AskPage>
auto StreamReader::ask_for_page(const std::string& begin, const AskPage& ask_page) {
  for (;;) {
    try {
      return ask_page(page_.entries());
    } catch (const redis::RepliesTooLarge&) {
      session_.reset();
      if (page_.shrink()) continue;
      throw std::runtime_error("the next entry from " + begin + " of " + printable(options_.stream) +
                               " is larger than " + std::to_string(options_.most_bytes >> 20U) +
                               " MiB or has more than 500,000 fields, and so was not checked; start behind it with "
                               "--from, or raise dispatcher.max_payload_bytes if it is one of yours");
    }
  }
}

std::string StreamReader::read(EntryRange range, const VisitPage& visit) {
  while (range.count > 0) {
    std::size_t wanted = 0;
    const auto answer = ask_for_page(range.from, [&](std::size_t entries) {
      wanted = static_cast<std::size_t>(std::min<std::uint64_t>(entries, range.count));
      return ask({"XRANGE", options_.stream, range.from, range.to, "COUNT", std::to_string(wanted)});
    });
    const auto entries = entries_of(answer);
    if (entries.empty()) break;
    page_.arrived(entries.size(), bytes_of(entries));
    range.from = "(" + std::string{entries.back().id};
    range.count -= std::min<std::uint64_t>(range.count, entries.size());
    if (!visit(entries) || entries.size() < wanted) break;
  }
  return range.from;
}

std::uint64_t StreamReader::read_each(std::span<const std::string> ids, const VisitPage& visit, bool& goes_on) {
  std::uint64_t gone = 0;
  while (!ids.empty() && goes_on) {
    std::size_t wanted = 0;
    const auto answers = ask_for_page(ids.front(), [&](std::size_t entries) {
      wanted = std::min(entries, ids.size());
      std::vector<redis::CommandSession::Command> commands;
      for (const auto& id : ids.first(wanted)) commands.push_back({"XRANGE", options_.stream, id, id});
      return session().call_all(commands);
    });
    std::vector<EntryView> found;
    for (const auto& answer : answers) {
      require_no_error(answer, std::vector<std::string_view>{"XRANGE", options_.stream});
      auto entries = entries_of(answer);
      if (entries.empty()) ++gone;
      std::ranges::move(entries, std::back_inserter(found));
    }
    page_.arrived(wanted, bytes_of(found));
    ids = ids.subspan(wanted);
    if (!found.empty()) goes_on = visit(found);
  }
  return gone;
}

std::uint64_t StreamReader::read_pending(const std::string& group, const GroupPosition& position,
                                         const VisitPage& visit) {
  std::uint64_t gone = 0;
  bool goes_on = true;
  // What is delivered from now on is counted as unread, not as pending as well.
  for (std::string from = "-"; goes_on;) {
    const auto answer = ask(
        {"XPENDING", options_.stream, group, from, position.last_delivered_id, std::to_string(kPendingIdsAtOnce)});
    std::vector<std::string> ids;
    for (const auto& item : answer.items) {
      if (item.items.empty()) fail_as_unknown("XPENDING");
      ids.push_back(item.items.front().text);
    }
    if (ids.empty()) break;
    from = "(" + ids.back();
    gone += read_each(ids, visit, goes_on);
  }
  return gone;
}

GroupPosition StreamReader::position_of(const std::string& group) {
  require_stream();
  const auto answer = ask({"XINFO", "GROUPS", options_.stream});
  std::string names;
  for (const auto& item : answer.items) {
    const auto* name = find(item, "name");
    const auto* last = find(item, "last-delivered-id");
    const auto* pending = find(item, "pending");
    if (name == nullptr || last == nullptr || pending == nullptr) fail_as_unknown("XINFO GROUPS");
    if (name->text == group) {
      return {.last_delivered_id = last->text,
              .pending = static_cast<std::uint64_t>(std::max<long long>(pending->number, 0))};
    }
    names.append(names.empty() ? "" : ", ").append(printable(name->text));
  }
  throw std::runtime_error("stream " + printable(options_.stream) + " has no group " + printable(group) +
                           (names.empty() ? ", nor any other" : "; there is " + names));
}

void StreamReader::require_stream() {
  const auto answer = session().call({"EXISTS", options_.stream});
  if (answer.kind != Kind::integer || answer.number > 0) return;
  throw std::runtime_error("there is no stream " + printable(options_.stream) + " at " + options_.endpoint.shown +
                           ": check its name and redis.url");
}

}  // namespace outboxd::daemon
