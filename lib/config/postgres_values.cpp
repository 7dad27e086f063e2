// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_parts.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>

namespace outboxd::config {
namespace {

struct KnownWords {
  std::string_view key;
  /// In the order in which they are reported.
  std::string_view words;
};

// As in the manual of Postgres 17, which has all values of older libraries and more: those refuse the rest
// themselves.
constexpr std::array kKnownWords{
    KnownWords{"sslmode", "disable allow prefer require verify-ca verify-full"},
    KnownWords{"gssencmode", "disable prefer require"},
    KnownWords{"channel_binding", "disable prefer require"},
    KnownWords{"sslcertmode", "disable allow require"},
    KnownWords{"sslnegotiation", "postgres direct"},
    KnownWords{"load_balance_hosts", "disable random"},
    KnownWords{"target_session_attrs", "any read-write read-only primary standby prefer-standby"},
    KnownWords{"ssl_min_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"},
    KnownWords{"ssl_max_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"}};

constexpr std::string_view kNumbers =
    "connect_timeout keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout";

/// The values that Linux allows; with any other, each connection over TCP fails before it begins.
struct KeepAlive {
  std::string_view key;
  std::int64_t most;
};
constexpr std::array kKeepAlives{KeepAlive{"keepalives_idle", 32'767}, KeepAlive{"keepalives_interval", 32'767},
                                 KeepAlive{"keepalives_count", 127}};

constexpr std::string_view kSecrets = "password sslpassword oauth_client_secret scram_client_key";

bool is_number(std::string_view text) {
  const auto number = parse_integer(trim(text)).value;
  return number && *number >= std::numeric_limits<std::int32_t>::min() &&
         *number <= std::numeric_limits<std::int32_t>::max();
}

std::string wrong_word(const std::string& key, const std::string& value) {
  const auto known = std::ranges::find(kKnownWords, std::string_view(key), &KnownWords::key);
  if (known == kKnownWords.end()) return "";
  // libpq takes versions of TLS in any case.
  const bool is_known =
      is_one_of(known->words, value) || (key.starts_with("ssl_m") && is_one_of(lower(known->words), lower(value)));
  return is_known ? "" : "has " + key + " set to none of " + listed(split(known->words, ' '));
}

std::string wrong_ports(const std::string& value) {
  const auto parts = split(value, ',');
  const auto fits = [](std::string_view port) { return trim(port).empty() || is_port(trim(port)); };
  return std::ranges::all_of(parts, fits) ? "" : "has a port that is not a number between 1 and 65535";
}

/// A folder of sockets, or an abstract socket, may have any name.
bool is_socket(std::string_view host) {
  return host.starts_with('/') || host.starts_with('@');
}

std::string wrong_hosts(const std::string& value) {
  constexpr std::size_t kLongestSocketFolder = 107 - std::string_view("/.s.PGSQL.5432").size();
  for (const std::string_view host : split(value, ',')) {
    if (is_socket(host) && host.size() > kLongestSocketFolder) {
      return "has a host that is too long a path for a folder of sockets";
    }
    if (!is_socket(host) && host.find_first_of(" /\\?#@[]<>\"'") != std::string_view::npos) {
      return "has a host that is neither a name, an address nor the path of a folder";
    }
  }
  return "";
}

std::string wrong_value(const std::string& key, const std::string& value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; };
  if (!is_one_of(kSecrets, key) && std::ranges::any_of(value, is_control)) {
    const bool at_end = value.back() == '\n' || value.back() == '\r';
    return "has a " + key + (at_end ? " that ends in a line end: take that out" : " with a control character in it");
  }
  if (value.empty()) return "";
  if (key == "host") return wrong_hosts(value);
  if (key == "port") return wrong_ports(value);
  if (is_one_of(kNumbers, key)) return is_number(value) ? "" : "has a " + key + " that is not a whole number";
  if (key == "replication" && !is_one_of("false 0 off no", lower(value))) {
    return "asks for a replication connection (replication), which can't work on tables: take that out";
  }
  return wrong_word(key, value);
}

/// By parameter; empty for one that is not given.
using Values = std::map<std::string, std::string>;

std::string wrong_keep_alive(Values& values) {
  const auto is_name = [](std::string_view host) { return !host.empty() && !is_socket(host); };
  const bool over_tcp = !values["hostaddr"].empty() || std::ranges::any_of(split(values["host"], ','), is_name);
  if (!over_tcp || parse_integer(trim(values["keepalives"])).value == 0) return "";
  for (const auto& [key, most] : kKeepAlives) {
    const auto number = parse_integer(trim(values[std::string(key)])).value;
    if (!number || (*number >= 1 && *number <= most)) continue;
    return "has a " + std::string(key) + " that is not from 1 to " + std::to_string(most) +
           ", so that no connection could be opened: take it out for outboxd's own";
  }
  return "";
}

std::size_t parts_of(const std::string& list) {
  return list.empty() ? 0 : split(list, ',').size();
}

}  // namespace

std::string impossible_value(const KeywordValues& pairs) {
  Values last;
  for (const auto& [key, value] : pairs) last[key] = value;
  for (const auto& [key, value] : pairs) {
    // libpq uses the last of several.
    std::string problem = last[key] == value ? wrong_value(key, value) : "";
    if (!problem.empty()) return problem;
  }
  if (std::string problem = wrong_keep_alive(last); !problem.empty()) return problem;
  const auto hosts = parts_of(last["host"]);
  const auto addresses = parts_of(last["hostaddr"]);
  const auto ports = parts_of(last["port"]);
  if (hosts != 0 && addresses != 0 && hosts != addresses) return "has another number of host than of hostaddr";
  const auto servers = std::max({hosts, addresses, std::size_t{1}});
  return ports > 1 && ports != servers ? "has another number of port than of host" : "";
}

}  // namespace outboxd::config
