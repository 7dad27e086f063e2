// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "redis/error_text.hpp"
#include "redis/resp.hpp"

#include <cstdint>
#include <string>

namespace outboxd::redis {

/// Appends `XADD <stream> MAXLEN ~ <maxlen> * <field> <value> …`.
void append_xadd(std::string& out, const entry::Entry& entry, std::uint64_t maxlen);

/// Appends an XADD that writes nothing, yet is refused whenever one that writes would be: the id 0-0 is never valid,
/// and Redis says so only after its own checks (ACL, OOM, READONLY, MISCONF, NOREPLICAS, …) have let the command
/// through.
void append_write_probe(std::string& out, const std::string& stream);

/// Reads the reply to an XADD: an entry id, or whose fault it is. Anything else means that replies no longer belong
/// to their commands: Fault::unanswered. `texts`: of the exchange that it is a reply in.
[[nodiscard]] Reply read_xadd_reply(Value value, ErrorTexts& texts);

/// Reads the reply to a probe (or to PING): Fault::none when an entry would have been written, entry_refused or
/// stream_elsewhere when only this stream has its trouble, redis_refuses otherwise.
[[nodiscard]] Reply read_probe_reply(const Value& value);

}  // namespace outboxd::redis
