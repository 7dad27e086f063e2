// SPDX-License-Identifier: Apache-2.0
#include "postgres/error_text.hpp"

#include <algorithm>

namespace outboxd::postgres {
namespace {

constexpr std::size_t kMaxBytes = 1000;

char storable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F ? c : '?';
}

}  // namespace

std::string storable_error(std::string_view message) {
  std::string stored{message.substr(0, kMaxBytes)};
  std::ranges::transform(stored, stored.begin(), storable);
  if (message.size() > kMaxBytes) stored.append("...");
  return stored;
}

}  // namespace outboxd::postgres
