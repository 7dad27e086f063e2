// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/own_commands.hpp"

#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace outboxd::daemon::doctor {
namespace {

constexpr std::string_view kProgram = "outboxd ";

bool is_command_of_ours(std::string_view text) {
  constexpr std::array<std::string_view, 10> kCommands{"config", "dead",   "doctor", "enqueue", "migrate",
                                                       "prune",  "replay", "status", "streams", "trace"};
  const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-");
  return std::ranges::find(kCommands, text.substr(0, end)) != kCommands.end();
}

bool begins_a_word(std::string_view text, std::size_t at) {
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '`';
}

}  // namespace

void use_config_file(const std::string& file, Findings& findings) {
  const auto option = "--config " + shell_word(file) + " ";
  for (auto& finding : findings) {
    auto& remedy = finding.remedy;
    for (auto at = remedy.find(kProgram); at != std::string::npos; at = remedy.find(kProgram, at)) {
      const bool is_command = begins_a_word(remedy, at);
      at += kProgram.size();
      if (is_command && is_command_of_ours(std::string_view{remedy}.substr(at))) remedy.insert(at, option);
    }
  }
}

}  // namespace outboxd::daemon::doctor
