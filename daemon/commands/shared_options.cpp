// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/shared_options.hpp"

#include "config/options.hpp"
#include "daemon/reference/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace outboxd::daemon {
namespace {

std::string setting_help(const config::Option& option) {
  auto text = option.help;
  const auto& api = option.default_text(Profile::api);
  const auto& coordinator = option.default_text(Profile::coordinator);
  if (api.empty()) return text;
  text.append(" [").append(api);
  if (api != coordinator) text.append(", coordinator: ").append(coordinator);
  text.append("]");
  return text;
}

}  // namespace

void SharedOptions::declare(CLI::App& program) {
  program
      .add_option_function<std::string>(
          "--config", [this](const std::string& file) { config_file = file; },
          "Configuration file [/etc/outboxd/outboxd.toml, if it exists]")
      ->type_name("FILE");
  // One value each time, as the next argument may be the stream of `outboxd enqueue`.
  program
      .add_option("--dispatcher", dispatchers,
                  "Use only this one of the configured dispatchers (not with config); may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void SharedOptions::declare_settings(CLI::App& program) {
  for (const auto& option : config::options()) {
    const auto flag = option.flag();
    if (flag.empty()) continue;
    program
        .add_option_function<std::string>(
            flag, [this, flag](const std::string& value) { flags[flag] = value; }, setting_help(option))
        ->type_name(option.value_name())
        ->group(reference::kSettingsGroup);
  }
}

}  // namespace outboxd::daemon
