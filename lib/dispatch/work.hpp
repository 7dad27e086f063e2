// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <string>

namespace outboxd::dispatch {

/// What goes from the claimer to the sender.
struct Work {
  ClaimedRows claimed;
  /// They are sent although Redis refuses others.
  bool explores = false;
  /// Instead of rows: a blocked stream that is to be probed.
  std::string probe;
};

}  // namespace outboxd::dispatch
