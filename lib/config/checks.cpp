// SPDX-License-Identifier: Apache-2.0
#include "config/checks.hpp"

#include "config/nearest.hpp"
#include "config/table_name.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace outboxd::config {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::int64_t kMaxPort = 65'535;

std::string_view text(const Value& value) {
  return std::get<std::string>(value);
}

/// "a and b are both x" for the first two roles that share a name; "" if none do.
std::string shared_name(const Names& names) {
  for (auto one = names.begin(); one != names.end(); ++one) {
    for (auto other = std::next(one); other != names.end(); ++other) {
      if (one->second == other->second)
        return one->first + " and " + other->first + " are both " + echoed(one->second);
    }
  }
  return "";
}

}  // namespace

std::string check_table_name(const Value& value) {
  if (table_name_parts(text(value))) return "";
  return "must be a table name, with or without a schema in front, of letters, digits, '_' and '$', or in double "
         R"(quotes: "My.Schema"."my table")";
}

std::string check_columns(const Value& value) {
  const auto& columns = std::get<Names>(value);
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

std::string check_states(const Value& value) {
  const auto& states = std::get<Names>(value);
  for (const auto& [state, word] : states) {
    if (word.empty()) return "the word for " + state + " is empty";
    if (word.find('\0') != std::string::npos)
      return "the word for " + state + " has a zero byte, which no text can hold";
  }
  const std::string shared = shared_name(states);
  return shared.empty() ? "" : shared + ": each state needs a word of its own";
}

std::string check_dispatcher_name(const Value& value) {
  const std::string_view name = text(value);
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; };
  if (!name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), fits)) return "";
  return "must be 1 to 64 letters, digits, '_', '-' and '.'";
}

std::string check_trims(const Value& value) {
  const std::vector<std::string> words{"approximate", "exact"};
  for (const auto& [stream, word] : std::get<Names>(value)) {
    if (std::find(words.begin(), words.end(), word) != words.end()) continue;
    return "has " + echoed(word) + " for " + echoed(stream) + ": it must be approximate or exact" +
           did_you_mean(nearest_word(word, words));
  }
  return "";
}

std::string check_listen(const Value& value) {
  const std::string_view listen = text(value);
  if (listen == "off") return "";
  const auto colon = listen.rfind(':');
  if (colon == std::string_view::npos) return "must be host:port, or off";
  const std::string_view host = listen.substr(0, colon);
  if (host.empty()) return "names no host: use 0.0.0.0 or [::] for all interfaces";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[] /") != std::string_view::npos) {
    return "must be host:port with an IPv6 host in brackets, or off";
  }
  const auto port = parse_integer(listen.substr(colon + 1)).value;
  if (!port || *port < 0 || *port > kMaxPort) return "has a port that is not between 1 and 65535 (0: any free one)";
  return "";
}

std::string check_redis_host(const Value& value) {
  const std::string_view host = text(value);
  if (host.empty()) return "is empty";
  if (host.front() == '/') return "is a path: give a Unix socket as redis.url, unix:///run/redis/redis.sock";
  if (host.find("://") != std::string_view::npos) return "is a URL: give it as redis.url";
  const bool ipv6 = std::count(host.begin(), host.end(), ':') > 1;
  if (host.find_first_of(" []@/") != std::string_view::npos || (!ipv6 && host.find(':') != std::string_view::npos)) {
    return "must be a host name or an IP address, without a port (redis.port) or brackets";
  }
  return "";
}

std::string check_bearer(const Value& value) {
  const std::string_view token = text(value);
  const auto fits = [](char c) { return c > ' ' && c < '\x7F'; };
  if (std::all_of(token.begin(), token.end(), fits)) return "";
  return "must be printable ASCII without blanks";
}

}  // namespace outboxd::config
