// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dispatchers.hpp"
#include "config/origin.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::config {

/// One setting as it stands, for `config show`.
struct Effective {
  std::string path;
  /// Absent: not set. Secrets are masked already.
  std::optional<Value> value;
  Origin origin;
  /// Which [[dispatcher]] of the file has it; absent: the process, or its only dispatcher.
  std::optional<std::size_t> dispatcher{};
};

/// Every setting in the order in which it is shown.
std::vector<Effective> effective_of(const std::vector<Dispatcher>& dispatchers);

}  // namespace outboxd::config
