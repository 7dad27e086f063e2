// SPDX-License-Identifier: Apache-2.0
#include "outbox/utf8.hpp"

#include <cstdint>

namespace outboxd::utf8 {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

/// How many bytes a sequence has that starts with `lead`, and the smallest code point that needs as many.
struct Lead {
  std::size_t bytes;
  std::uint8_t mask;
  char32_t smallest;
};

Lead lead_of(std::uint8_t lead) {
  if (lead < 0x80) return {1, 0x7f, 0};
  if ((lead & 0xe0U) == 0xc0) return {2, 0x1f, 0x80};
  if ((lead & 0xf0U) == 0xe0) return {3, 0x0f, 0x800};
  if ((lead & 0xf8U) == 0xf0) return {4, 0x07, 0x10000};
  return {0, 0, 0};
}

bool continues(std::uint8_t byte) {
  return (byte & 0xc0U) == 0x80;
}

}  // namespace

Character first_character(std::string_view text) {
  const Lead lead = lead_of(byte_at(text, 0));
  if (lead.bytes == 0 || lead.bytes > text.size()) return {};
  char32_t code = byte_at(text, 0) & lead.mask;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    const std::uint8_t next = byte_at(text, i);
    if (!continues(next)) return {};
    code = (code << 6U) | (next & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < lead.smallest || code > 0x10ffff || surrogate) return {};
  return {code, lead.bytes, true};
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const auto next = first_character(text);
    if (!next.valid) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool is_deceptive(char32_t code) {
  return code == 0x2028 || code == 0x2029 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

std::string_view beginning(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  constexpr std::size_t kLongestCharacter = 4;
  // Bytes that are no UTF-8 are cut anywhere.
  for (std::size_t back = 0; back < kLongestCharacter && back < most_bytes; ++back) {
    if (!continues(byte_at(text, most_bytes - back))) return text.substr(0, most_bytes - back);
  }
  return text.substr(0, most_bytes);
}

std::string shortened(std::string_view text, std::size_t most_bytes) {
  std::string shown{beginning(text, most_bytes)};
  if (text.size() > most_bytes) shown += "...";
  return shown;
}

}  // namespace outboxd::utf8
