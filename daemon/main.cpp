// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_line.hpp"
#include "daemon/commands.hpp"
#include "daemon/exit_status.hpp"
#include "system/private_memory.hpp"
#include "system/standard_descriptors.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/multiple_exceptions.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <variant>

namespace {

using namespace outboxd::daemon;

int dispatch_command(const CommandLine& line) {
  switch (line.command) {
    case Command::run:
      return run_command(line);
    case Command::config_show:
      return config_show_command(line);
    case Command::config_check:
      return config_check_command(line);
    case Command::migrate:
      return migrate_command(line);
    case Command::enqueue:
      return enqueue_command(line);
    case Command::status:
      return status_command(line);
  }
  return kCouldNotWork;
}

/// What ended the process, for people. Loops that end together bring the first's exception along.
std::string described(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return "out of memory: lower dispatcher.batch_bytes and dispatcher.max_payload_bytes, or give the process more";
  }
  const auto* several = dynamic_cast<const boost::asio::multiple_exceptions*>(&error);
  if (several == nullptr || !several->first_exception()) return error.what();
  try {
    std::rethrow_exception(several->first_exception());
  } catch (const std::exception& first) {
    return described(first);
  } catch (...) {
    return "an unknown exception";
  }
}

/// What would have said more can't be written by the library's own handler, which waits for the reader of the log.
[[noreturn]] void end_at_once() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::exception& error) {
    outboxd::telemetry::log::say(std::string{"outboxd: ended by an error that nothing catches: "} + described(error));
  } catch (...) {
    outboxd::telemetry::log::say("outboxd: ended by an error that nothing catches");
  }
  outboxd::telemetry::log::flush();
  std::abort();
}

int run_program(int argc, char** argv) {
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* exit = std::get_if<ExitNow>(&parsed)) {
      std::cout << exit->output;
      std::cerr << exit->error;
      return exit->status;
    }
    return dispatch_command(std::get<CommandLine>(parsed));
  } catch (const std::exception& error) {
    outboxd::telemetry::log::say(std::string{"outboxd: ended by something unexpected: "} + described(error));
    return kIncomplete;
  }
}

}  // namespace

int main(int argc, char** argv) {
  outboxd::system::occupy_closed_standard_descriptors();
  outboxd::system::keep_memory_private();
  std::set_terminate(end_at_once);
  const int status = run_program(argc, argv);
  outboxd::telemetry::log::flush();
  return status;
}
