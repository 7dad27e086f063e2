// SPDX-License-Identifier: Apache-2.0
#include "config/url_parts.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace outboxd::config {

bool percent_decode(std::string_view text, std::string& decoded, LonePercent lone) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && text.size() - i >= 3 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (!escape) {
      if (text[i] == '%' && lone == LonePercent::refused) return false;
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    if (decoded.back() == '\0') return false;
    i += 2;
  }
  return true;
}

std::optional<Address> read_address(std::string_view text) {
  const bool in_brackets = text.starts_with('[');
  const auto end = text.find(in_brackets ? ']' : ':');
  if (!in_brackets) return Address{text.substr(0, end), text.substr(std::min(end, text.size()))};
  if (end == std::string_view::npos) return std::nullopt;
  return Address{text.substr(1, end - 1), text.substr(end + 1), true};
}

bool is_port(std::string_view text) {
  constexpr std::int64_t kMaxPort = 65'535;
  const auto port = parse_integer(text).value;
  return port && *port >= 1 && *port <= kMaxPort;
}

}  // namespace outboxd::config
