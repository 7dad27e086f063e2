// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::dispatch {

/// A row that the store refuses to hand out, or to write, while it does as it is asked with its neighbours.
struct RefusedRow {
  std::string id;
  /// For people: the thing, the reason, the remedy.
  std::string reason;
  /// It can't even be read, so it was declared dead; otherwise it is tried again later.
  bool dead = false;
};

}  // namespace outboxd::dispatch
