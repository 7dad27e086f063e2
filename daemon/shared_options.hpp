// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// The options that every command takes, before any setting is looked at.
struct SharedOptions {
  /// --config.
  std::optional<std::string> config_file{};
  /// Settings given as flags: {"--batch", "32"}.
  std::map<std::string, std::string> flags{};
  /// --dispatcher, as often as it was given; empty: all.
  std::vector<std::string> dispatchers{};

  /// Declares them on the program. Parsing writes into this object, which must stay where it is until then.
  void declare(CLI::App& program);
};

}  // namespace outboxd::daemon
