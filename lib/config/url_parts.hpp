// SPDX-License-Identifier: Apache-2.0
// The common parts of the URLs of Postgres and Redis.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::config {

/// How a '%' that is not followed by two hex digits is read.
enum class LonePercent { refused, itself };

/// Decodes %XX; false for a lone '%' that is refused, and for a zero byte.
bool percent_decode(std::string_view text, std::string& decoded, LonePercent lone = LonePercent::refused);

/// host, host:port, [v6] or [v6]:port.
struct Address {
  /// Without brackets.
  std::string_view host;
  /// The rest after the host, with its ':'.
  std::string_view after;
  bool in_brackets = false;
};

/// nullopt if a bracket isn't closed.
std::optional<Address> read_address(std::string_view text);

/// Whether the text is a number between 1 and 65535.
bool is_port(std::string_view text);

inline constexpr const char* kOpenBracket = "has a '[' without a ']'";
inline constexpr const char* kBadPort =
    "has a port that is not a number between 1 and 65535 (IPv6 hosts stand in brackets; '/', '?', '#' and '@' in a "
    "password are written as %2F, %3F, %23, %40)";
inline constexpr const char* kBadName =
    "has a parameter whose name has other characters than letters, digits, '_' and '-'";
inline constexpr const char* kZeroInLogin = "has %00 in its user or password, which no text can hold";

}  // namespace outboxd::config
