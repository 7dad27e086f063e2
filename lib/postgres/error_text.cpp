// SPDX-License-Identifier: Apache-2.0
#include "postgres/error_text.hpp"

#include "outbox/utf8.hpp"

namespace outboxd::postgres {
namespace {

constexpr std::size_t kMaxBytes = 1000;

}  // namespace

std::string sanitize_last_error(std::string_view message, bool takes_unicode) {
  auto left = utf8::beginning(message, kMaxBytes);
  std::string stored;
  while (!left.empty()) {
    const auto next = utf8::first_character(left);
    const bool printable = next.valid && !utf8::is_control(next.code) && !utf8::is_deceptive(next.code);
    const bool fits = printable && (next.bytes == 1 || takes_unicode);
    stored.append(fits ? left.substr(0, next.bytes) : "?");
    left.remove_prefix(next.bytes);
  }
  if (message.size() > kMaxBytes) stored.append("...");
  return stored;
}

}  // namespace outboxd::postgres
