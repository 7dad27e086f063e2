// SPDX-License-Identifier: Apache-2.0
// Short words for the option table's rows, for its own files alone.
#pragma once

#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace outboxd::config {

inline constexpr std::int64_t kSecond = 1'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;

inline const std::string& text(const Value& value) {
  return std::get<std::string>(value);
}
inline Millis millis(const Value& value) {
  return Millis(std::get<std::int64_t>(value));
}
template <class T>
T number(const Value& value) {
  return static_cast<T>(std::get<std::int64_t>(value));
}

}  // namespace outboxd::config
