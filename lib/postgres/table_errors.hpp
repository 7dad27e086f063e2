// SPDX-License-Identifier: Apache-2.0
// What a session's work throws where the table itself is at fault: a session says it as it is, as it names the reason
// and the remedy already.
#pragma once

#include <stdexcept>

namespace outboxd::postgres {

/// The table can't be driven as it is, and why.
class UnfitTable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another session has the table locked, or waits for that; which one, and what to do. It is no row's fault.
class LockedTable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace outboxd::postgres
