// SPDX-License-Identifier: Apache-2.0
#include "daemon/start_line.hpp"

#include "config/units.hpp"

#include <spdlog/fmt/fmt.h>

namespace outboxd::daemon {
namespace {

std::string bounds_of(const config::DispatcherSettings& dispatcher) {
  auto text = fmt::format("maxlen {}", dispatcher.maxlen);
  for (const auto& [stream, bound] : dispatcher.stream_maxlen) text += fmt::format(", {} {}", stream, bound);
  return text;
}

}  // namespace

std::string start_line(const config::Loaded& loaded) {
  auto line = fmt::format("outboxd {}: configuration {}; entries are {}", OUTBOXD_VERSION,
                          loaded.file ? "file " + *loaded.file : std::string{"without a file"},
                          loaded.settings.signing_key.empty() ? "unsigned" : "signed");
  for (const auto& settings : loaded.dispatchers) {
    const auto& dispatcher = settings.dispatcher;
    line += fmt::format("; dispatcher {}: table {}, batch {}, lease {}, {}", dispatcher.name, dispatcher.table,
                        dispatcher.batch, config::show_duration(dispatcher.lease.count()), bounds_of(dispatcher));
  }
  return line;
}

}  // namespace outboxd::daemon
