// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The streams that should exist, with their bounds and consumer groups. Pure data.
namespace outboxd::topology {

struct Group {
  std::string name;
  /// The id after which a new group begins to read; "$": with the entries that are added from then on.
  std::string start = "$";
  /// Needed by some deployments only, and so created on request only.
  bool optional = false;

  bool operator==(const Group&) const = default;
};

struct Stream {
  /// The intended bound; empty: that of the dispatcher that publishes to the stream.
  std::optional<std::uint64_t> maxlen{};
  /// A stream without groups is created by one entry.
  std::vector<Group> groups{};
  /// Its entries are events that a consumer could not process.
  bool dead_letter = false;

  bool operator==(const Stream&) const = default;
};

/// By name.
using Streams = std::map<std::string, Stream>;

inline constexpr std::string_view kCaracal = "caracal";

/// The built-in topology `caracal`.
const Streams& caracal();

/// The streams of a built-in topology (kCaracal; any other name: none), and the declared ones, which replace built-in
/// streams of the same name. Empty if neither a name nor a stream is given.
[[nodiscard]] std::optional<Streams> configured(std::string_view name, const Streams& declared);

}  // namespace outboxd::topology
