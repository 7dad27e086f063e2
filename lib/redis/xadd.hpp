// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "redis/bounds.hpp"
#include "redis/error_text.hpp"
#include "redis/resp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::redis {

/// Appends `XADD <stream> MAXLEN ~ <maxlen> * <field> <value> …`, with = instead of ~ for an exact bound.
void append_xadd(std::string& out, const entry::Entry& entry, const Bound& bound);

/// Appends an XADD that writes nothing, yet is refused whenever one that writes would be: the id 0-0 is never valid,
/// and Redis says so only after its own checks (ACL, OOM, READONLY, MISCONF, NOREPLICAS, …) have let the command
/// through.
void append_write_probe(std::string& out, const std::string& stream);

/// The id of a stream's entry.
struct EntryId {
  std::uint64_t milliseconds = 0;
  std::uint64_t sequence = 0;

  [[nodiscard]] bool is_above(const EntryId& other) const {
    return milliseconds != other.milliseconds ? milliseconds > other.milliseconds : sequence > other.sequence;
  }
};

/// Nothing unless it is exactly as Redis prints the id of an entry.
[[nodiscard]] std::optional<EntryId> read_entry_id(std::string_view text);

/// Reads the reply to an XADD: an entry id, or an error with a first guess at whose fault it is (guess_by_words()).
/// Anything else means that replies no longer belong to their commands: Fault::unanswered. `texts`: of the exchange
/// that it is a reply in.
[[nodiscard]] Reply read_xadd_reply(Value value, ErrorTexts& texts);

/// Reads the reply to a probe (or to PING): Fault::none when an entry would have been written, as far as Redis looks
/// before it refuses the probe itself; otherwise as read_xadd_reply() has it.
[[nodiscard]] Reply read_probe_reply(const Value& value);

}  // namespace outboxd::redis
