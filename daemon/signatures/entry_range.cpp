// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/entry_range.hpp"

#include "telemetry/utc_time.hpp"

#include <charconv>

namespace outboxd::daemon {
namespace {

bool is_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

bool is_entry_id(std::string_view text) {
  const auto dash = text.find('-');
  return is_number(text.substr(0, dash)) && (dash == std::string_view::npos || is_number(text.substr(dash + 1)));
}

}  // namespace

std::optional<std::string> range_end(const std::string& text, bool is_end) {
  const std::string_view id{text};
  if (text == "-" || text == "+" || is_entry_id(id)) return text;
  if (id.starts_with('(') && is_entry_id(id.substr(1))) return text;
  const auto time = telemetry::utc_time(text);
  if (!time || time->time_since_epoch().count() < 0) return std::nullopt;
  const auto last = *time + (is_end ? std::chrono::milliseconds{999} : std::chrono::milliseconds{0});
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(last.time_since_epoch()).count());
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> time_of(std::string_view entry_id) {
  if (!is_entry_id(entry_id)) return std::nullopt;
  std::int64_t milliseconds = 0;
  const auto digits = entry_id.substr(0, entry_id.find('-'));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
  using Time = std::chrono::sys_time<std::chrono::milliseconds>;
  // Ids can be larger than any time.
  if (error != std::errc{}) return Time::max();
  return Time{std::chrono::milliseconds{milliseconds}};
}

}  // namespace outboxd::daemon
