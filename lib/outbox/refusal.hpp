// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd {

/// A row that the store refused to lease, or whose outcome it refused to write.
struct Refusal {
  std::string id;
  /// A readable text: the thing, the reason, the remedy.
  std::string reason;
  /// The row can't be read, so it was declared dead; otherwise it is tried again later.
  bool dead = false;
  /// The store's code for the reason, for instance an SQLSTATE; empty where the reason is known to concern this row
  /// alone, as a lock on it does.
  std::string cause{};
};

}  // namespace outboxd
