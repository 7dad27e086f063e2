// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// The arguments that the command line accepts at one place.
struct AcceptedArguments {
  /// The command before that place, such as `outboxd config`, or `outboxd`.
  std::string after = "outboxd";
  /// Commands that may follow, by their last word: {"show", "config show"}. Empty: none may follow.
  std::map<std::string, std::string> commands{};
  /// All flags, with the commands that accept them; empty: every command does.
  std::map<std::string, std::string> flags{};
};

/// The arguments that are accepted after the parsed command.
[[nodiscard]] AcceptedArguments accepted_after(const CLI::App& app);

/// The errors for unknown arguments, a line each, with the nearest accepted ones. If a flag is unknown, words are not
/// repeated, as one of them may be its value, and a secret.
[[nodiscard]] std::string describe_unknown(const std::vector<std::string>& arguments,
                                           const AcceptedArguments& accepted);

}  // namespace outboxd::daemon
