// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"

#include "config/nearest.hpp"
#include "config/text.hpp"
#include "config/units.hpp"
#include "outbox/table_name.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestIdentifier = 63;  // Postgres cuts longer ones off.
constexpr std::size_t kLeastKeyBytes = 32;

/// Whether an object in Postgres could have this name in quotes.
bool can_be_identifier(std::string_view name) {
  return !name.empty() && name.size() <= kLongestIdentifier && name.find('\0') == std::string_view::npos;
}

/// "a and b are both x" for the first two roles that share a name; "" if none do.
std::string shared_name(const Names& names) {
  for (auto one = names.begin(); one != names.end(); ++one) {
    const auto other =
        std::find_if(std::next(one), names.end(), [one](const auto& pair) { return pair.second == one->second; });
    if (other != names.end()) return one->first + " and " + other->first + " are both " + echoed(one->second);
  }
  return "";
}

/// A name that needs no quotes, in lower case or not.
bool is_plain(std::string_view name) {
  return !is_digit(name.front()) && name.front() != '$' && has_only_letters_digits_and("_$", name);
}

}  // namespace

std::optional<std::vector<std::string>> table_name_parts(std::string_view name) {
  const auto parts = split_table_name(name);
  if (!parts) return std::nullopt;
  std::vector<std::string> names;
  for (const NamePart& part : *parts) {
    if (!can_be_identifier(part.text) || (!part.quoted && !is_plain(part.text))) return std::nullopt;
    names.push_back(part.text);
  }
  return names;
}

std::string check_table_name(const std::string& name) {
  if (table_name_parts(name)) return "";
  return "must be a table name, with or without a schema in front, of letters, digits, '_' and '$', or in double "
         R"(quotes: "My.Schema"."my table")";
}

std::string check_columns(const Names& columns) {
  for (const auto& [role, column] : columns) {
    const std::string start = "the column of " + role;
    if (column.empty()) return start + " has no name";
    if (!can_be_identifier(column)) {
      return start + " is " + echoed(column) + ": a name in Postgres has at most 63 bytes, none of them zero";
    }
  }
  const std::string shared = shared_name(columns);
  return shared.empty() ? "" : shared + ": a column has one role, so name another for one of them";
}

std::string check_states(const Names& states) {
  for (const auto& [state, word] : states) {
    const std::string start = "the word for " + state;
    if (word.empty()) return start + " is empty";
    if (word.find('\0') != std::string::npos) return start + " has a zero byte, which no text can hold";
  }
  const std::string shared = shared_name(states);
  return shared.empty() ? "" : shared + ": each state needs a word of its own";
}

std::string check_dispatcher_name(const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= kLongestDispatcherName && has_only_letters_digits_and("_-.", name);
  return good ? "" : "must be 1 to 64 letters, digits, '_', '-' and '.'";
}

std::string check_trims(const Names& trims) {
  for (const auto& [stream, word] : trims) {
    if (word == "approximate" || word == "exact") continue;
    return "has " + echoed(word) + " for " + echoed(stream) + ": it must be approximate or exact" +
           did_you_mean(nearest_word(word, {"approximate", "exact"}));
  }
  return "";
}

std::string check_streams_interval(const std::int64_t& milliseconds) {
  constexpr std::int64_t kShortest = 1'000;
  return milliseconds == 0 || milliseconds >= kShortest ? "" : "must be at least 1s, or 0s for never";
}

std::string check_listen(const std::string& listen) {
  if (listen == "off") return "";
  const auto colon = listen.rfind(':');
  if (colon == std::string_view::npos) return "must be host:port, or off";
  const std::string host = listen.substr(0, colon);
  if (host.empty()) return "names no host: use 0.0.0.0 or [::] for all interfaces";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[] /") != std::string_view::npos) {
    return "must be host:port with an IPv6 host in brackets, or off";
  }
  const auto port = listen.substr(colon + 1);
  const bool good = port == "0" || is_port(port);
  return good ? "" : "has a port that is not between 1 and 65535 (0: any free one)";
}

std::string check_redis_host(const std::string& host) {
  if (host.empty()) return "is empty";
  if (host.front() == '/') return "is a path: give a Unix socket as redis.url, unix:///run/redis/redis.sock";
  if (host.find("://") != std::string_view::npos) return "is a URL: give it as redis.url";
  const bool has_port = std::ranges::count(host, ':') == 1;
  if (!has_port && host.find_first_of(" []@/") == std::string_view::npos) return "";
  return "must be a host name or an IP address, without a port (redis.port) or brackets";
}

std::string check_bearer(const std::string& token) {
  const bool good = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7F'; });
  return good ? "" : "must be printable ASCII without blanks";
}

Checked<std::vector<std::uint8_t>> decode_signing_key(std::string_view hex) {
  if (std::string problem = quote_in_front(hex); !problem.empty()) return {.problem = std::move(problem)};
  const auto stray = std::ranges::find_if(hex, [](char c) { return hex_digit(c) < 0; });
  if (stray != hex.end()) {
    return {.problem = "has a character that is not hex at position " + std::to_string(stray - hex.begin() + 1)};
  }
  const auto count = std::to_string(hex.size());
  if (hex.size() % 2 != 0) return {.problem = "has an odd number of hex digits (" + count + ")"};
  if (hex.size() / 2 < kLeastKeyBytes) {
    return {.problem = "is " + std::to_string(hex.size() / 2) + " bytes, needs at least " +
                       std::to_string(kLeastKeyBytes) + " (" + std::to_string(2 * kLeastKeyBytes) + " hex digits)"};
  }
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1])));
  }
  return {.value = std::move(bytes)};
}

}  // namespace outboxd::config
