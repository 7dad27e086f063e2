// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <string>

namespace outboxd::dispatch {

/// One item of work from the claimer for the sender.
struct Work {
  ClaimedRows claimed;
  /// The rows are sent even though Redis refuses others.
  bool explores = false;
  /// A blocked stream to be probed, instead of rows to be sent.
  std::string probe;
};

}  // namespace outboxd::dispatch
