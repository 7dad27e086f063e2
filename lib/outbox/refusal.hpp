// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd {

/// A row that the store did not write as it was asked, at its claim or at its settlement.
struct Refusal {
  std::string id;
  /// For people: the thing, the reason, the remedy.
  std::string reason;
  /// It can't even be read, so it was declared dead; otherwise it is tried again later.
  bool dead = false;
  /// What the store called it, a SQLSTATE for instance; empty where it is known to concern this row alone, as a lock
  /// on it does.
  std::string cause{};
};

}  // namespace outboxd
