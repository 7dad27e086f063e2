// SPDX-License-Identifier: Apache-2.0
#include "config/environment.hpp"

#include "config/text.hpp"

namespace outboxd::config {
namespace {

constexpr std::string_view kPort = "_PORT";

bool ends_with_port(std::string_view name) {
  return name.size() >= kPort.size() && name.substr(name.size() - kPort.size()) == kPort;
}

bool is_link_address(std::string_view value) {
  return value.substr(0, 6) == "tcp://" || value.substr(0, 6) == "udp://";
}

}  // namespace

Environment environment_of(const char* const* variables) {
  Environment environment;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    const std::string_view line = *variables;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

const std::string* find_variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return nullptr;
  if (ends_with_port(name) && is_link_address(found->second)) return nullptr;
  return &found->second;
}

bool is_service_link(std::string_view name, std::string_view value) {
  if (name.find("_SERVICE_HOST") != std::string_view::npos || name.find("_SERVICE_PORT") != std::string_view::npos) {
    return true;
  }
  if (ends_with_port(name) && is_link_address(value)) return true;
  for (auto at = name.find("_PORT_"); at != std::string_view::npos; at = name.find("_PORT_", at + 1)) {
    const std::string_view after = name.substr(at + kPort.size() + 1);
    if (!after.empty() && is_digit(after.front())) return true;
  }
  return false;
}

}  // namespace outboxd::config
