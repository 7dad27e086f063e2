// SPDX-License-Identifier: Apache-2.0
#include "config/signing_key.hpp"

#include "config/text.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::size_t kLeastBytes = 32;

}  // namespace

Checked<std::vector<std::uint8_t>> decode_signing_key(std::string_view hex) {
  if (std::string problem = quote_in_front(hex); !problem.empty()) return {.problem = std::move(problem)};
  for (std::size_t i = 0; i < hex.size(); ++i) {
    if (hex_digit(hex[i]) < 0) {
      return {.problem = "has a character that is not hex at position " + std::to_string(i + 1)};
    }
  }
  if (hex.size() % 2 != 0) {
    return {.problem = "has an odd number of hex digits (" + std::to_string(hex.size()) + ")"};
  }
  if (hex.size() / 2 < kLeastBytes) {
    return {.problem = "is " + std::to_string(hex.size() / 2) + " bytes, needs at least " +
                       std::to_string(kLeastBytes) + " (" + std::to_string(2 * kLeastBytes) + " hex digits)"};
  }
  std::vector<std::uint8_t> bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1])));
  }
  return {.value = std::move(bytes)};
}

std::string check_signing_key(const Value& value) {
  return decode_signing_key(std::get<std::string>(value)).problem;
}

}  // namespace outboxd::config
