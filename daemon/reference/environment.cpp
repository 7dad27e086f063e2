// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"
#include "daemon/reference/manual.hpp"

#include <algorithm>

namespace outboxd::daemon::reference {
namespace {

/// Every setting under a name: a shared one may stand for one setting in each profile.
std::string settings_called(const std::string& name) {
  std::string paths;
  for (const auto& option : config::options()) {
    const auto is_it = [&name](const config::EnvName& env) { return env.name == name; };
    if (option.own_env() != name && std::ranges::none_of(option.shared_env, is_it)) continue;
    paths.append(paths.empty() ? "" : ", ").append(option.path);
  }
  return paths;
}

void add(std::vector<Variable>& variables, const std::string& name) {
  if (name.empty() || std::ranges::find(variables, name, &Variable::name) != variables.end()) return;
  variables.push_back({name, "The setting `" + settings_called(name) + "`"});
}

}  // namespace

std::vector<Variable> environment_variables() {
  std::vector<Variable> variables{{std::string{config::kConfigEnv}, "The configuration file"}};
  for (const auto& option : config::options()) {
    add(variables, option.own_env());
    for (const auto& shared : option.shared_env) add(variables, shared.name);
  }
  return variables;
}

}  // namespace outboxd::daemon::reference
