// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "outbox/decide.hpp"
#include "redis/connection.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace outboxd::redis {

/// Reads what came back for one XADD an entry; `command_ends` says where each ends among the bytes sent. Nothing of
/// an exchange is trusted that did not come to its end, or in which a reply is none to an XADD, or an entry id does
/// not follow the one before on its stream: then all that was sent is Fault::unanswered.
[[nodiscard]] std::vector<Reply> replies_of(Exchange exchange, std::span<const entry::Entry> entries,
                                            std::span<const std::size_t> command_ends);

}  // namespace outboxd::redis
