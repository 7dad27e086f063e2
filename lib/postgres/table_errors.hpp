// SPDX-License-Identifier: Apache-2.0
// Exceptions from a session's work where the table itself is at fault. Their message names the reason and the remedy
// already, so a session passes it on unchanged.
#pragma once

#include <stdexcept>

namespace outboxd::postgres {

/// The table can't be used as it is, and why.
class UnfitTable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another session has locked the table, or waits for that lock; which one, and the remedy. No row is at fault.
class LockedTable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace outboxd::postgres
