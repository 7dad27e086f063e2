// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/read_event.hpp"

#include "daemon/signatures/signing_keys.hpp"
#include "daemon/trace/read_rows.hpp"
#include "daemon/trace/read_stream.hpp"
#include "daemon/trace/row_story.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace outboxd::daemon::trace {
namespace {

class EventReader {
 public:
  EventReader(const config::Loaded& loaded, const TraceOptions& options) : loaded_{loaded}, options_{options} {
    facts_.id = options.id;
    facts_.keys = read_signing_keys(options.key_files, loaded.settings).names;
  }

  Facts read() {
    auto found = read_rows(loaded_.dispatchers, options_.id, options_.with_payload);
    facts_.unknown = std::move(found.unknown);
    facts_.is_unreachable = found.is_unreachable;
    facts_.is_partial = found.is_partial;
    for (auto& row : found.rows) add_story_of(std::move(row));
    if (found.rows.empty()) add_story_without_row();
    for (const auto& server : servers_) {
      facts_.is_unreachable = facts_.is_unreachable || server.is_unreachable();
      if (server.why_no_clock().empty()) continue;
      add_unknown("the clock of Redis at " + server.name() + ": " + server.why_no_clock() +
                  "; the search begins ten minutes earlier instead");
    }
    return std::move(facts_);
  }

 private:
  void add_story_of(FoundRow found) {
    auto& story = facts_.stories.emplace_back(Story{.row = std::move(found.row)});
    std::vector<std::string> streams{story.row->stream};
    for (const auto& stream : options_.streams) {
      if (std::ranges::find(streams, stream) == streams.end()) streams.push_back(stream);
    }
    read_streams(story, streams, found.dispatchers);
  }

  void add_story_without_row() {
    auto& story = facts_.stories.emplace_back();
    std::vector<std::size_t> dispatchers;
    for (std::size_t i = 0; i < loaded_.dispatchers.size(); ++i) dispatchers.push_back(i);
    read_streams(story, options_.streams.empty() ? known_streams(loaded_.dispatchers, {}) : options_.streams,
                 dispatchers);
  }

  void read_streams(Story& story, const std::vector<std::string>& streams, const std::vector<std::size_t>& of) {
    std::set<std::string> asked;
    for (const auto i : of) {
      auto& server = server_of(loaded_.dispatchers[i]);
      if (!asked.insert(server.name()).second) continue;
      for (const auto& stream : streams) {
        story.streams.push_back(server.read({.stream = stream,
                                             .row = story.row ? &*story.row : nullptr,
                                             .id = options_.id,
                                             .max_entries = options_.max_entries,
                                             .judge = [this](const std::string& name) { return judge_of(name); }}));
        note(story, story.streams.back());
      }
    }
  }

  /// What the output doesn't show at its place.
  void note(const Story& story, const StreamFacts& stream) {
    if (!stream.problem.empty()) {
      const bool is_of_server = server_named(stream.server).is_unreachable();
      add_unknown((is_of_server ? "Redis: " : "stream " + stream.stream + ": ") + stream.problem);
      return;
    }
    if (!stream.why_no_groups.empty() && (story.row || !stream.entries.empty())) {
      add_unknown("consumer groups of " + stream.stream + ": " + stream.why_no_groups);
    }
    const bool is_published = story.row && state_of(*story.row) == RowState::published;
    if (!stream.why_no_info.empty() && stream.entries.empty() && is_published) {
      add_unknown("whether the entry was trimmed from " + stream.stream + ": " + stream.why_no_info);
    }
  }

  void add_unknown(const std::string& what) {
    if (std::ranges::find(facts_.unknown, what) == facts_.unknown.end()) facts_.unknown.push_back(what);
  }

  [[nodiscard]] std::optional<Judge> judge_of(const std::string& stream) const {
    auto keys = read_signing_keys(options_.key_files, loaded_.settings);
    if (keys.verifiers.empty()) return std::nullopt;
    return Judge{{.stream = stream, .other_streams = known_streams(loaded_.dispatchers, options_.streams)},
                 std::move(keys.verifiers)};
  }

  StreamServer& server_of(const config::Settings& settings) {
    StreamServer server{settings};
    const auto known = std::ranges::find(servers_, server.name(), &StreamServer::name);
    return known == servers_.end() ? servers_.emplace_back(std::move(server)) : *known;
  }

  [[nodiscard]] const StreamServer& server_named(const std::string& name) const {
    return *std::ranges::find(servers_, name, &StreamServer::name);
  }

  const config::Loaded& loaded_;
  const TraceOptions& options_;
  /// Its elements keep their addresses.
  std::deque<StreamServer> servers_;
  Facts facts_;
};

}  // namespace

Facts read_event(const config::Loaded& loaded, const TraceOptions& options) {
  return EventReader{loaded, options}.read();
}

}  // namespace outboxd::daemon::trace
