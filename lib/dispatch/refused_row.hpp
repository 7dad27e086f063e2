// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal.hpp"

namespace outboxd::dispatch {

/// A row that the store refuses to hand out, or to write, while it does as it is asked with its neighbours.
using RefusedRow = outboxd::Refusal;

}  // namespace outboxd::dispatch
