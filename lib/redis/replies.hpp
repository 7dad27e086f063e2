// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/delivery.hpp"
#include "redis/connection.hpp"

#include <cstddef>
#include <span>

namespace outboxd::redis {

/// Gives each row the reply to its XADD; `command_ends` are the offsets at which the commands end. The replies are
/// trusted only if the exchange is complete, each is a reply to an XADD, and the entry ids of each stream rise.
/// Otherwise each command that was sent is Fault::unanswered.
void read_replies(Exchange exchange, std::span<dispatch::Delivery* const> rows,
                  std::span<const std::size_t> command_ends);

}  // namespace outboxd::redis
