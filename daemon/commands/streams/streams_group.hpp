// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/shared_options.hpp"
#include "daemon/settings/streams_from_settings.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace outboxd::daemon {

/// The group `outboxd streams`; the first call adds it.
CLI::App& streams_group(CLI::App& program);

/// The settings' dispatchers and their target. If there is none, prints why, and returns nothing.
struct StreamsTargetOf {
  std::vector<config::Settings> dispatchers;
  StreamsTarget target;
};
[[nodiscard]] std::optional<StreamsTargetOf> load_streams_target(const SharedOptions& shared,
                                                                 std::string_view command);

/// Runs `work`, and returns its exit status; prints what it throws, such as that Redis can't be reached.
int run_streams_command(std::string_view command, const std::function<int()>& work);

/// Says on standard error that the topology is the built-in one; nothing if one is configured.
void note_default_topology(const StreamsTarget& target);

/// "OUTBOXD …: text" on standard error.
void say_of_streams(std::string_view command, std::string_view text);

}  // namespace outboxd::daemon
