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

/// The options that every command accepts.
struct SharedOptions {
  /// The argument of --config.
  std::optional<std::string> config_file{};
  /// Settings given as flags: {"--batch", "32"}.
  std::map<std::string, std::string> flags{};
  /// The arguments of --dispatcher; empty: all dispatchers.
  std::vector<std::string> dispatchers{};

  /// Declares the options on the program; in --help, the settings follow all others. Parsing writes into this object,
  /// which must keep its address until then.
  void declare(CLI::App& program);
  void declare_settings(CLI::App& program);
};

}  // namespace outboxd::daemon
