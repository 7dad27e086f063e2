// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/confirmation.hpp"

#include "dead_rows/tally.hpp"
#include "telemetry/log.hpp"

#include <iostream>
#include <unistd.h>

namespace outboxd::daemon {

bool may_ask() {
  return ::isatty(STDIN_FILENO) == 1;
}

bool answers_yes(const std::string& question) {
  constexpr std::size_t kLongest = 2'000;
  std::cerr << dead_rows::printable(question, kLongest) << " Type yes: " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

void log_action(const config::Settings& settings, const std::string& line) {
  using telemetry::log::Format;
  telemetry::log::make_logger(telemetry::Terminal::standard_error(), spdlog::level::info,
                              settings.log_json ? Format::json : Format::text)
      ->info("{}", line);
}

}  // namespace outboxd::daemon
