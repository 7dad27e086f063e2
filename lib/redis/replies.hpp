// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "redis/connection.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace outboxd::redis {

/// Reads the replies to one XADD for each entry; `command_ends` are the offsets at which the commands end. The
/// replies are trusted only if the exchange is complete, each is a reply to an XADD, and the entry ids of each stream
/// rise. Otherwise each command that was sent is Fault::unanswered.
[[nodiscard]] std::vector<Reply> replies_of(Exchange exchange, std::span<const entry::Entry> entries,
                                            std::span<const std::size_t> command_ends);

}  // namespace outboxd::redis
