// SPDX-License-Identifier: Apache-2.0
#include "streams/shown.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace outboxd::streams {

std::string shown(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  std::string text;
  telemetry::append_printable(text, utf8::shortened(name, kLongest));
  return text;
}

std::string shown_group(std::string_view stream, std::string_view group) {
  return shown(stream) + ", group " + shown(group);
}

std::string wrong_type_text(const SeenStream& seen) {
  return shown(seen.name) + " is " +
         (seen.type.empty() ? "a key of another type" : "a key of type " + shown(seen.type)) +
         ", not a stream: nothing can be published to it; rename or delete it (redis-cli RENAME, DEL), and run this "
         "again";
}

std::string shown_span(std::chrono::milliseconds time) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  // Not negative, as clocks differ.
  const std::int64_t seconds = std::max<std::int64_t>(0, time.count() / 1'000);
  if (seconds < 2 * kMinute) return std::to_string(seconds) + " s";
  if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + " min";
  return seconds < 2 * kDay ? std::to_string(seconds / kHour) + " h" : std::to_string(seconds / kDay) + " d";
}

std::string shown_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1'024;
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= kStep && unit + 1 < kUnits.size()) {
    amount /= kStep;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", unit > 0 && amount < 10 ? 1 : 0, amount, kUnits.at(unit));
  return text.data();
}

}  // namespace outboxd::streams
