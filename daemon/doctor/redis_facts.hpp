// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "streams/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon::doctor {

/// A consumer group of a stream.
struct GroupFacts {
  std::string name{};
  /// Entries that were not delivered to it; empty where Redis doesn't know.
  std::optional<std::uint64_t> unread{};
  /// The age of the first entry that was not delivered to it.
  std::optional<std::chrono::seconds> oldest_unread{};
  std::uint64_t pending = 0;
  /// The time since the first pending entry was delivered last.
  std::optional<std::chrono::seconds> oldest_pending{};
  std::uint64_t consumers = 0;
  /// The time since one of its consumers last asked for entries; empty where that can't be seen.
  std::optional<std::chrono::seconds> quiet_for{};
};

/// Whether entries wait for the group, and none of its consumers has asked for any for long.
[[nodiscard]] bool has_stopped(const GroupFacts& group);
/// "12 unread entries (the first is 5 min old), 0 pending, 1 consumer, the last of which asked 5 min ago".
[[nodiscard]] std::string state_of(const GroupFacts& group);

/// Who signed the newest entries of a stream.
struct NewestSignatures {
  std::size_t read = 0;
  /// Those that are not well signed with the configured key.
  std::size_t others = 0;
  /// The newest of these behind which there is an older entry that is well signed with it; empty if there is none.
  std::string after_ours{};
};

/// A stream that dispatchers write to.
struct StreamFacts {
  std::string name{};
  /// The key's type: "stream", "none", …; empty where TYPE is refused.
  std::string type{};
  /// The error with which Redis answers an XADD to it; empty where it would be taken.
  std::string refusal{};
  /// Only the topology names it: no row of it was seen, and this user needs no right to it before there is one.
  bool is_only_declared = false;
  std::vector<GroupFacts> groups{};
  std::string why_no_groups{};
  /// Groups that were not looked at, as they are too many or time was over.
  std::size_t groups_left_out = 0;
  /// What the next XADD trims of entries that groups have not read; empty if nothing.
  std::string trim_warning{};
  /// Whether a group loses entries of which it is known that it has not read them.
  bool trim_is_certain = false;
  /// Nothing where no key is configured, or entries are large or may not be read.
  NewestSignatures newest{};
};

/// What one Redis server answered.
struct RedisFacts {
  /// Its name in messages, without secrets.
  std::string server{};
  /// `redis-cli` with its address; the password is left out.
  std::string cli{};
  std::string host{};
  std::string username{};
  int database = 0;
  /// Why it can't be asked; all other facts are missing then.
  std::string unreachable{};
  /// The fields of INFO.
  std::map<std::string, std::string, std::less<>> info{};
  std::string why_no_info{};
  /// The values of CONFIG GET.
  std::map<std::string, std::string, std::less<>> settings{};
  std::string why_no_settings{};
  /// The median of a few.
  std::optional<std::chrono::microseconds> round_trip{};
  /// Its clock minus ours.
  std::optional<std::chrono::milliseconds> clock_ahead{};
  std::string why_no_clock{};
  std::vector<StreamFacts> streams{};
  /// Why no stream is known, if none is.
  std::string why_no_streams{};
  /// What `outboxd streams verify` finds; nothing where no topology is configured.
  std::vector<streams::Finding> against_topology{};

  /// `cli` for a command that the daemon's own user may not give.
  [[nodiscard]] std::string as_administrator() const;
  /// The remedy that changes a setting: "maxmemory 100".
  [[nodiscard]] std::string change_of(const std::string& setting) const;
  /// A field of INFO, or a setting; nullopt where it can't be known.
  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  /// A setting, by CONFIG GET or by the field of INFO that shows it.
  [[nodiscard]] std::optional<std::string> setting(std::string_view name) const;
};

/// The fields of an answer to INFO.
[[nodiscard]] std::map<std::string, std::string, std::less<>> fields_of_info(std::string_view answer);

/// The error reply to the XADD that can't be carried out (see read_redis.cpp); empty if it is about the argument that
/// is wrong on purpose, or about the key's type, so that a correct XADD would not be answered so.
[[nodiscard]] std::string refusal_in(const std::string& error);

/// Whether every XADD meets this refusal. Of other errors that isn't known.
[[nodiscard]] bool is_certain(std::string_view refusal);

}  // namespace outboxd::daemon::doctor
