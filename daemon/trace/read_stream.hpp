// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "daemon/trace/facts.hpp"
#include "redis/command_session.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace outboxd::daemon::trace {

/// Which entries are searched in a stream, and how they are judged.
struct StreamQuestion {
  std::string stream{};
  /// The row whose entries are searched; null: entries whose outbox_id or dedupe_key is `id`.
  const RowFacts* row = nullptr;
  std::string id{};
  /// At most so many entries are read.
  std::uint64_t max_entries = 0;
  /// Makes the judge of a stream's signatures; empty: there is no key.
  std::function<std::optional<Judge>(const std::string& stream)> judge{};
};

/// The Redis of one dispatcher, for looks at streams: TIME, XRANGE, XINFO STREAM, XINFO GROUPS and XPENDING. What is
/// refused is left out, with the reason. Blocks.
class StreamServer {
 public:
  explicit StreamServer(const config::Settings& settings);

  /// If the server doesn't answer, the result has a problem, and it is not asked again.
  [[nodiscard]] StreamFacts read(const StreamQuestion& question);

  /// Without secrets.
  [[nodiscard]] const std::string& name() const { return endpoint_.shown; }
  [[nodiscard]] bool is_unreachable() const { return !why_unreachable_.empty(); }
  /// Why its clock is not known; empty if it is, or was not asked for.
  [[nodiscard]] const std::string& why_no_clock() const { return why_no_clock_; }

 private:
  void connect();
  void search(const StreamQuestion& question, StreamFacts& facts);
  void look_at_stream(StreamFacts& facts);
  void look_at_groups(StreamFacts& facts, EntryFacts& entry);

  config::Settings settings_;
  redis::Endpoint endpoint_;
  std::unique_ptr<redis::CommandSession> session_;
  std::optional<Milliseconds> now_;
  std::optional<Milliseconds> clock_ahead_;
  std::string why_no_clock_;
  std::string why_unreachable_;
};

}  // namespace outboxd::daemon::trace
