// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_values.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string_view>

namespace outboxd::config {
namespace {

struct Words {
  std::string_view key;
  /// In the order in which they are reported.
  std::string_view known;
  bool any_case = false;
};

constexpr std::string_view kTls = "TLSv1|TLSv1.1|TLSv1.2|TLSv1.3";

// As the manual of Postgres 17 has them, which is what older libraries know and more: those say the rest themselves.
constexpr std::array<Words, 8> kWords{{{"sslmode", "disable|allow|prefer|require|verify-ca|verify-full"},
                                       {"gssencmode", "disable|prefer|require"},
                                       {"channel_binding", "disable|prefer|require"},
                                       {"sslcertmode", "disable|allow|require"},
                                       {"sslnegotiation", "postgres|direct"},
                                       {"load_balance_hosts", "disable|random"},
                                       {"ssl_min_protocol_version", kTls, true},
                                       {"ssl_max_protocol_version", kTls, true}}};

constexpr std::array<std::string_view, 6> kNumbers = {"connect_timeout",     "keepalives",       "keepalives_idle",
                                                      "keepalives_interval", "keepalives_count", "tcp_user_timeout"};

/// What Linux allows; with anything else each connection over TCP fails before it begins.
struct KeepAlive {
  std::string_view key;
  std::int64_t most;
};
constexpr std::array<KeepAlive, 3> kKeepAlives{
    {{"keepalives_idle", 32'767}, {"keepalives_interval", 32'767}, {"keepalives_count", 127}}};

constexpr std::array<std::string_view, 4> kSecrets = {"password", "sslpassword", "oauth_client_secret",
                                                      "scram_client_key"};

constexpr std::size_t kLongestSocketFolder = 107 - std::string_view("/.s.PGSQL.5432").size();

template <std::size_t Size>
bool has(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string listed(std::string_view words) {
  std::string list;
  for (const std::string_view word : split(words, '|')) list.append(list.empty() ? "" : ", ").append(word);
  return list;
}

bool is_number(std::string_view text) {
  const auto number = parse_integer(trim(text)).value;
  return number && *number >= std::numeric_limits<std::int32_t>::min() &&
         *number <= std::numeric_limits<std::int32_t>::max();
}

std::string wrong_word(const std::string& key, const std::string& value) {
  for (const Words& words : kWords) {
    if (words.key != key) continue;
    const auto known = split(words.known, '|');
    const bool is_known = std::any_of(known.begin(), known.end(), [&](std::string_view word) {
      return words.any_case ? lower(word) == lower(value) : word == value;
    });
    if (!is_known) return "has " + key + " set to none of " + listed(words.known);
  }
  return "";
}

std::string wrong_session(const std::string& value) {
  constexpr const char* kUse = "use read-write, primary, prefer-standby or any";
  if (value == "read-only" || value == "standby") {
    return std::string("has a target_session_attrs that asks for servers that take no writes, and outboxd writes: ") +
           kUse;
  }
  const bool is_known = value == "any" || value == "read-write" || value == "primary" || value == "prefer-standby";
  return is_known ? "" : std::string("has a target_session_attrs that is none of libpq's words: ") + kUse;
}

std::string wrong_ports(const std::string& value) {
  constexpr std::int64_t kMaxPort = 65'535;
  for (const std::string_view port : split(value, ',')) {
    const auto number = parse_integer(trim(port)).value;
    if (trim(port).empty() || (number && *number >= 1 && *number <= kMaxPort)) continue;
    return "has a port that is not a number between 1 and 65535";
  }
  return "";
}

std::string wrong_hosts(const std::string& value) {
  for (const std::string_view host : split(value, ',')) {
    // A folder of sockets, or an abstract one, may be called anything.
    if (host.starts_with('/') || host.starts_with('@')) {
      if (host.size() > kLongestSocketFolder) return "has a host that is too long a path for a folder of sockets";
      continue;
    }
    if (host.find_first_of(" /\\?#@[]<>\"'") == std::string_view::npos) continue;
    return "has a host that is neither a name, an address nor the path of a folder";
  }
  return "";
}

std::string wrong_value(const std::string& key, const std::string& value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; };
  if (!has(kSecrets, key) && std::any_of(value.begin(), value.end(), is_control)) {
    const bool at_end = value.back() == '\n' || value.back() == '\r';
    return "has a " + key + (at_end ? " that ends in a line end: take that out" : " with a control character in it");
  }
  if (value.empty()) return "";
  if (key == "host") return wrong_hosts(value);
  if (key == "port") return wrong_ports(value);
  if (has(kNumbers, key)) return is_number(value) ? "" : "has a " + key + " that is not a whole number";
  if (key == "target_session_attrs") return wrong_session(value);
  if (key == "replication" && lower(value) != "false" && value != "0" && lower(value) != "off" &&
      lower(value) != "no") {
    return "asks for a replication connection (replication), which can't work on tables: take that out";
  }
  return wrong_word(key, value);
}

using Values = std::map<std::string, std::string, std::less<>>;

std::string value_in(const Values& values, std::string_view key) {
  const auto found = values.find(key);
  return found == values.end() ? "" : found->second;
}

bool leads_over_tcp(const Values& values) {
  const std::string hosts = value_in(values, "host");
  const auto is_name = [](std::string_view host) {
    return !host.empty() && !host.starts_with('/') && !host.starts_with('@');
  };
  const auto parts = split(hosts, ',');
  return !value_in(values, "hostaddr").empty() || std::any_of(parts.begin(), parts.end(), is_name);
}

std::string wrong_keep_alive(const Values& values) {
  const auto is_on = value_in(values, "keepalives");
  if (!leads_over_tcp(values) || parse_integer(trim(is_on)).value == 0) return "";
  for (const auto& [key, most] : kKeepAlives) {
    const auto number = parse_integer(trim(value_in(values, key))).value;
    if (!number || (*number >= 1 && *number <= most)) continue;
    return "has a " + std::string(key) + " that is not from 1 to " + std::to_string(most) +
           ", so that no connection could be opened: take it out for outboxd's own";
  }
  return "";
}

std::size_t parts_of(const Values& last, std::string_view key) {
  const auto found = last.find(key);
  return found == last.end() || found->second.empty() ? 0 : split(found->second, ',').size();
}

}  // namespace

std::string impossible_value(const KeywordValues& pairs) {
  Values last;
  for (const auto& [key, value] : pairs) last[key] = value;
  for (const auto& [key, value] : pairs) {
    // libpq goes by the last of several.
    if (last[key] != value) continue;
    if (std::string problem = wrong_value(key, value); !problem.empty()) return problem;
  }
  if (std::string problem = wrong_keep_alive(last); !problem.empty()) return problem;
  const auto hosts = parts_of(last, "host");
  const auto addresses = parts_of(last, "hostaddr");
  const auto ports = parts_of(last, "port");
  if (hosts != 0 && addresses != 0 && hosts != addresses) return "has another number of host than of hostaddr";
  const auto servers = std::max({hosts, addresses, std::size_t{1}});
  return ports > 1 && ports != servers ? "has another number of port than of host" : "";
}

}  // namespace outboxd::config
