// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// What could have stood where the command line has something else.
struct Vocabulary {
  /// The command that was understood before, such as `outboxd config`; `outboxd` where none was.
  std::string after = "outboxd";
  /// Commands that may follow, as their last word → as they are written: {"show", "config show"}. Empty: none may.
  std::map<std::string, std::string> commands{};
  /// Every flag → the commands that it goes with; empty: any.
  std::map<std::string, std::string> flags{};
};

/// What could have stood behind the command that was understood.
[[nodiscard]] Vocabulary vocabulary_after(const CLI::App& app);

/// What is wrong with arguments that nothing takes, a line each, with the nearest of what there is. Where a flag is
/// unknown, the words are not repeated: one may be its value, and a secret.
[[nodiscard]] std::string describe_unknown(const std::vector<std::string>& arguments, const Vocabulary& vocabulary);

}  // namespace outboxd::daemon
