// SPDX-License-Identifier: Apache-2.0
#include "telemetry/utc_time.hpp"

#include <array>
#include <ctime>

namespace outboxd::telemetry {
namespace {

constexpr const char* kFormat = "%Y-%m-%dT%H:%M:%SZ";

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), kFormat, &parts)};
}

std::optional<std::chrono::system_clock::time_point> utc_time(const std::string& text) {
  std::tm parts{};
  const char* const end = ::strptime(text.c_str(), kFormat, &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace outboxd::telemetry
