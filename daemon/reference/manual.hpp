// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/reference/command_tree.hpp"

#include <string>
#include <vector>

namespace outboxd::daemon::reference {

/// An environment variable, and what it is for.
struct Variable {
  std::string name;
  std::string help;
};

/// The variables of all settings, and the few others.
[[nodiscard]] std::vector<Variable> environment_variables();

/// The manual page outboxd(1), in roff.
[[nodiscard]] std::string manual_page(const Tree& tree, const std::vector<Variable>& variables);

}  // namespace outboxd::daemon::reference
