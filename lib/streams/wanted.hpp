// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/bounds.hpp"
#include "topology/topology.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace outboxd::streams {

/// A stream as it should be.
struct Wanted {
  std::string name;
  topology::Stream declared{};
  /// False for a stream that only a dispatcher or the command line names.
  bool is_declared = true;
  /// The bound that it should have, if it should have any.
  std::optional<std::uint64_t> bound{};
  /// The bound to which the dispatchers that may publish to it cut it; empty if none does.
  std::optional<redis::Bound> cut_to{};
};

}  // namespace outboxd::streams
