// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace outboxd::daemon {

/// The commands that only print what is declared: `help`, `version`, `completion` and `manual`.
class PrintedCommands {
 public:
  /// Parsing writes into this object, which must keep its address until then.
  void declare(CLI::App& program);

  /// The words after `help`, if it is the command.
  [[nodiscard]] std::optional<std::vector<std::string>> help_about(const CLI::App& program) const;

  /// What the command prints; nothing if it is another command, or help.
  [[nodiscard]] std::optional<std::string> output(const CLI::App& program) const;

  /// What is wrong with the words of the command; "" if nothing is.
  [[nodiscard]] std::string problem(const CLI::App& program) const;

 private:
  std::vector<std::string> about_;
  std::string shell_;
};

/// As `outboxd --version` prints it, without a line end.
[[nodiscard]] std::string version_text();

}  // namespace outboxd::daemon
