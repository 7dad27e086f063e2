// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/completions.hpp"

namespace outboxd::daemon::reference {

std::optional<std::string> completion_for(std::string_view shell, const Tree& tree) {
  if (shell == "bash") return bash_completion(tree);
  if (shell == "zsh") return zsh_completion(tree);
  if (shell == "fish") return fish_completion(tree);
  return std::nullopt;
}

}  // namespace outboxd::daemon::reference
