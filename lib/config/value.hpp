// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "topology/topology.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outboxd::config {

using StreamLimits = std::map<std::string, std::uint64_t>;
using Names = std::map<std::string, std::string>;

/// A setting's value before it is stored in Settings. Durations are milliseconds, sizes bytes.
using Value =
    std::variant<std::string, std::int64_t, std::vector<std::string>, StreamLimits, Names, topology::Streams>;

/// A value, or the reason for its absence (a clause such as "needs a unit"; never quotes a secret).
template <class T>
struct Checked {
  std::optional<T> value{};
  std::string problem{};
};

}  // namespace outboxd::config
