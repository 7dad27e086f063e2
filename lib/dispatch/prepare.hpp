// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/delivery.hpp"
#include "dispatch/observer.hpp"
#include "entry/encoder.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace outboxd::dispatch {

/// Encodes and signs the entries of rows that are to be sent. Rows that can never be published, or not now, get a
/// reply instead. Unusual field names in a payload are reported.
void prepare(std::span<Delivery> batch, entry::Encoder& encoder, std::uint32_t max_attempts, Observer& observer);

/// Rows that go out in one pipelined write.
using Write = std::span<Delivery* const>;

/// Splits rows that are to be sent into writes, in order; `isolates` as in WriteBounds.
[[nodiscard]] std::vector<Write> writes_of(std::span<Delivery* const> to_send, bool isolates);

}  // namespace outboxd::dispatch
