// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/daemon_state.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/utc_time.hpp"

#include <cmath>
#include <sstream>
#include <utility>

namespace outboxd::daemon {
namespace {

constexpr std::string_view kReadySince = "ready since ";
constexpr std::string_view kNotReadySince = " (not ready since ";

/// The text on one line, shortened to the length of ours, as another program may have answered.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 1'500;
  std::string line;
  telemetry::append_printable(line, utf8::shortened(text, kLongest));
  return line;
}

std::optional<DispatcherState> state_in(const std::string& text) {
  if (text.starts_with(kReadySince)) {
    const auto since = telemetry::utc_time(text.substr(kReadySince.size()));
    if (since) return DispatcherState{.ready = true, .since = since};
  }
  const auto at = text.rfind(kNotReadySince);
  if (at == std::string::npos || !text.ends_with(')')) return std::nullopt;
  const auto from = at + kNotReadySince.size();
  const auto since = telemetry::utc_time(text.substr(from, text.size() - from - 1));
  if (!since) return std::nullopt;
  return DispatcherState{.reason = shown(text.substr(0, at)), .since = since};
}

/// SigningNotice's line.
std::optional<SigningState> signing_in(std::string_view name, std::string_view text) {
  constexpr std::string_view kEntriesAre = "entries are ";
  if (name != "signing") return std::nullopt;
  if (text.starts_with("entries go out unsigned")) return SigningState{};
  if (!text.starts_with(kEntriesAre)) return std::nullopt;
  return signing_state_in(text.substr(kEntriesAre.size()));
}

}  // namespace

DaemonState parse_readyz(std::string_view page) {
  DaemonState daemon;
  std::istringstream lines{std::string{page}};
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const auto name = line.substr(0, colon);
    const auto text = line.substr(colon + 2);
    if (auto signing = signing_in(name, text)) {
      daemon.signing = *std::move(signing);
      // That entries are unsigned is a problem, too.
      if (!daemon.signing->key_id.empty()) continue;
    }
    const auto known = daemon.dispatchers.find(name);
    // States come before notes; a later line that looks like a state is the text of a note.
    if (known != daemon.dispatchers.end()) {
      known->second.notes.push_back(shown(text));
    } else if (auto state = state_in(text)) {
      daemon.dispatchers.emplace(name, *std::move(state));
    } else {
      daemon.notes.push_back(shown(line));
    }
  }
  return daemon;
}

std::optional<double> series_value(std::string_view metrics, std::string_view name, std::string_view dispatcher) {
  const auto series = std::string{name} + "{dispatcher=\"" + std::string{dispatcher} + "\"} ";
  std::string line;
  for (std::istringstream lines{std::string{metrics}}; std::getline(lines, line);) {
    if (!line.starts_with(series)) continue;
    std::istringstream text{line.substr(series.size())};
    double value = 0;
    if (text >> value && std::isfinite(value)) return value;
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace outboxd::daemon
