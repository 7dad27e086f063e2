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

/// Appends an XADD that writes nothing, but is refused wherever Redis refuses the command itself: the id 0-0 is never
/// valid, and Redis says so only after its general checks (ACL, OOM, READONLY, MISCONF, NOREPLICAS, …). It has not
/// checked the key's type by then.
void append_write_probe(std::string& out, const std::string& stream);

/// The id of a stream's entry.
struct EntryId {
  std::uint64_t milliseconds = 0;
  std::uint64_t sequence = 0;

  [[nodiscard]] bool is_above(const EntryId& other) const {
    return milliseconds != other.milliseconds ? milliseconds > other.milliseconds : sequence > other.sequence;
  }
};

/// Parses an entry id; empty unless the text is exactly as Redis prints an id.
[[nodiscard]] std::optional<EntryId> read_entry_id(std::string_view text);

/// Reads the reply to an XADD: an entry id, or an error, whose cause is a first guess (guess_by_words()). For any
/// other reply, replies and commands are out of step: Fault::unanswered. `texts` belongs to the reply's exchange.
[[nodiscard]] Reply read_xadd_reply(Value value, ErrorTexts& texts);

/// Reads the reply to a probe (or to PING): Fault::none if Redis refused only the probe's id, and so has nothing
/// against the command; for another error the fault that read_xadd_reply() would return; for any other reply
/// redis_unavailable.
[[nodiscard]] Reply read_probe_reply(const Value& value);

}  // namespace outboxd::redis
