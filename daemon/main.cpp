// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/command_line.hpp"
#include "daemon/commands/exit_status.hpp"
#include "system/private_memory.hpp"
#include "system/signals.hpp"
#include "system/standard_descriptors.hpp"
#include "system/standard_output.hpp"
#include "telemetry/log.hpp"
#include "telemetry/redaction.hpp"

#include <boost/asio/multiple_exceptions.hpp>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits.h>
#include <new>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <variant>

namespace {

using namespace outboxd::daemon;

/// A readable text for an exception. If several coroutines failed together, the text is of the first exception.
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

/// A readable text for the current exception.
std::string what_ends_it() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::exception& error) {
    return described(error);
  } catch (...) {
  }
  return "an unknown exception";
}

/// Writes to standard error; takes no lock, and waits at most a second for the reader.
void write_plainly(std::string_view text) {
  constexpr int kPatience = 1'000;
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, kPatience) != 1) return;
  // A pipe takes this many bytes at once.
  text = text.substr(0, PIPE_BUF);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

/// The terminate handler. The standard library's own handler would block on the log's reader. This may run on the
/// log's thread, or without memory.
[[noreturn]] void end_at_once() {
  outboxd::telemetry::log::flush();
  try {
    write_plainly(outboxd::telemetry::log::redacted("outboxd: ended by an uncaught error: " + what_ends_it()) + "\n");
  } catch (const std::bad_alloc&) {
    write_plainly("outboxd: ended, as it is out of memory\n");
  }
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
    const auto& line = std::get<CommandLine>(parsed);
    return std::visit([&line](const auto& command) { return command.run(line.shared); }, line.command);
  } catch (const std::exception& error) {
    outboxd::telemetry::log::say(std::string{"outboxd: ended by an unexpected error: "} + described(error));
    return kIncomplete;
  }
}

/// The exit status; a success becomes kIncomplete if output was lost.
int status_after_output(outboxd::system::StandardOutput& output, int status) {
  const auto why_lost = output.why_lost();
  if (why_lost.empty()) return status;
  outboxd::telemetry::log::say("outboxd: standard output did not take all output (" + why_lost + ")" +
                               (status == kDone ? "; apart from that, the command did its work" : ""));
  return std::max<int>(status, kIncomplete);
}

}  // namespace

int main(int argc, char** argv) {
  outboxd::system::occupy_closed_standard_descriptors();
  outboxd::system::keep_memory_private();
  std::set_terminate(end_at_once);
  // A broken pipe is then an error like others; for standard output it is reported below.
  outboxd::system::ignore_sigpipe();
  outboxd::system::StandardOutput output;
  const int status = status_after_output(output, run_program(argc, argv));
  outboxd::telemetry::log::flush();
  return status;
}
