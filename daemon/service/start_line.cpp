// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/start_line.hpp"

#include "config/units.hpp"
#include "daemon/service/signing_state.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/options_from_settings.hpp"

#include <spdlog/fmt/fmt.h>

#include <set>

namespace outboxd::daemon {
namespace {

std::string bounds_of(const config::Settings& settings) {
  const auto& dispatcher = settings.dispatcher;
  const auto bounds = stream_bounds(settings);
  const auto trim = [](bool is_exact) { return is_exact ? " exact" : ""; };
  auto text = fmt::format("maxlen {}{}", dispatcher.maxlen, trim(dispatcher.exact_trim));
  std::set<std::string> streams;
  for (const auto& [stream, bound] : bounds) streams.insert(stream);
  for (const auto& [stream, is_exact] : dispatcher.stream_exact_trim) streams.insert(stream);
  for (const auto& stream : streams) {
    const auto bound = bounds.find(stream);
    const auto own_trim = dispatcher.stream_exact_trim.find(stream);
    const bool has_own_bound = bound != bounds.end();
    const bool has_own_trim = own_trim != dispatcher.stream_exact_trim.end();
    text += fmt::format(", {} {}{}", stream, has_own_bound ? bound->second : dispatcher.maxlen,
                        trim(has_own_trim ? own_trim->second : dispatcher.exact_trim));
  }
  return text;
}

}  // namespace

std::string start_line(const config::Loaded& loaded) {
  auto line = fmt::format("outboxd {}: configuration {}; entries are {}", OUTBOXD_VERSION,
                          loaded.file ? "file " + *loaded.file : std::string{"without a file"},
                          text_of(signing_state_of(loaded.settings)));
  for (const auto& settings : loaded.dispatchers) {
    const auto& dispatcher = settings.dispatcher;
    line += fmt::format("; dispatcher {}: table {}, batch {}, lease {}, {}", dispatcher.name, shown_table(settings),
                        dispatcher.batch, config::show_duration(dispatcher.lease.count()), bounds_of(settings));
  }
  return line;
}

}  // namespace outboxd::daemon
