// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/log_part.hpp"

#include "outbox/utf8.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace outboxd::telemetry {

std::string brief(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  return utf8::shortened(text, kLongest);
}

std::string cut(std::string_view reason) {
  constexpr std::size_t kLongest = 1'000;
  return utf8::shortened(reason, kLongest);
}

std::string of_stream(std::string_view stream) {
  return stream.empty() ? std::string{} : " of stream " + brief(stream);
}

std::string in_brackets(std::string_view reason) {
  return reason.empty() ? std::string{} : " (" + std::string{reason} + ")";
}

std::uint64_t unlisted(const std::vector<Digest::Id>& ids, std::uint64_t count) {
  for (const auto& id : ids) count -= std::min(count, id.times);
  return count;
}

std::string listed(const std::vector<Digest::Id>& ids, std::uint64_t count) {
  std::string text;
  for (const auto& [id, times] : ids) {
    text.append(text.empty() ? "" : ", ").append(id);
    if (times > 1) text += fmt::format(" ({} times)", times);
  }
  return text.empty() ? text : ": " + text + (unlisted(ids, count) > 0 ? ", ..." : "");
}

}  // namespace outboxd::telemetry
