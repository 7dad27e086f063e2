// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/posix_parts.hpp"

#include "daemon/reference/quoting.hpp"

namespace outboxd::daemon::reference {
namespace {

/// One case of the option's function. `command`: a pattern.
std::string case_of(const std::string& command, const Option& option) {
  if (option.value.empty()) return {};
  std::string patterns;
  for (const auto& name : option.names) {
    patterns.append(patterns.empty() ? "" : " | ").append(command).append(shell_quoted(":" + name));
  }
  std::string action;
  if (values_of(option.value) == Values::files) action = "files=yes ";
  if (values_of(option.value) == Values::choices) {
    action = "choices=(";
    for (const auto& choice : choices_of(option.value)) action += shell_quoted(choice) + " ";
    action.back() = ')';
    action += " ";
  }
  return "    " + patterns + ") " + action + ";;\n";
}

}  // namespace

std::string posix_parts(const Tree& tree) {
  std::string is_command = "__outboxd_is_command() {\n  case \"$1\" in\n";
  std::string options = "__outboxd_option() {\n  files=no\n  choices=()\n  case \"$1:$2\" in\n";
  for (const auto* command : all_of(tree.program)) {
    if (!command->path.empty()) is_command += "    " + shell_quoted(command->path) + ") ;;\n";
    for (const auto& option : command->options) options += case_of(shell_quoted(command->path), option);
  }
  for (const auto* shared : {&tree.shared, &tree.settings}) {
    for (const auto& option : *shared) options += case_of("*", option);
  }
  constexpr const char* kEnd = "    *) return 1 ;;\n  esac\n}\n\n";
  return is_command + kEnd + options + kEnd;
}

std::string unless_shared(const Tree& tree) {
  std::string patterns;
  for (const auto* command : all_of(tree.program)) {
    if (!command->takes_shared) patterns += (patterns.empty() ? "" : " | ") + shell_quoted(command->path);
  }
  return patterns.empty() ? "" : "  case \"$1\" in\n    " + patterns + ") return ;;\n  esac\n";
}

}  // namespace outboxd::daemon::reference
