// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/refusal.hpp"

namespace outboxd::dispatch {

/// A row that the store refuses to lease or to write, while it does so for the row's neighbours.
using RefusedRow = outboxd::Refusal;

}  // namespace outboxd::dispatch
