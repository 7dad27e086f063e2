// SPDX-License-Identifier: Apache-2.0
#include "config/mask.hpp"

#include "config/postgres_parts.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace outboxd::config {
namespace {

// All of libpq's parameters but the passwords, and future ones.
constexpr std::string_view kHarmlessPostgres =
    "host hostaddr port dbname user sslmode application_name fallback_application_name "
    "target_session_attrs load_balance_hosts connect_timeout keepalives keepalives_idle "
    "keepalives_interval keepalives_count tcp_user_timeout client_encoding options replication "
    "service passfile channel_binding require_auth requirepeer gssencmode gssdelegation gsslib "
    "krbsrvname sslnegotiation sslcompression sslsni sslcert sslkey sslcertmode sslrootcert sslcrl "
    "sslcrldir ssl_min_protocol_version ssl_max_protocol_version min_protocol_version";
constexpr std::string_view kHarmlessRedis = "db";

/// libpq reads a dbname that looks like a connection string as one, password and all.
bool may_nest(std::string_view value) {
  return value.find("://") != std::string_view::npos || value.find('=') != std::string_view::npos;
}

/// Only the server's own settings: an application's setting (app.token=…) may be its secret.
bool are_server_settings(std::string_view options) {
  for (auto equals = options.find('='); equals != std::string_view::npos; equals = options.find('=', equals + 1)) {
    const auto before = options.substr(0, equals);
    const auto last = before.find_last_of(" \t-");
    const auto name = last == std::string_view::npos ? before : before.substr(last + 1);
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string_view::npos) {
      return false;
    }
  }
  return options.find("://") == std::string_view::npos;
}

bool may_be_shown(std::string_view key, std::string_view value, std::string_view harmless) {
  if (!is_one_of(harmless, key)) return false;
  return key == "options" ? are_server_settings(value) : !may_nest(value);
}

/// Only host[:port] lists: any other text after a ':' could be a password that lost its '@'.
bool are_addresses(std::string_view list) {
  return std::ranges::all_of(split(list, ','), [](std::string_view part) {
    const auto address = read_address(part);
    if (!address || address->after.empty()) return address.has_value();
    return address->after.starts_with(':') && std::ranges::all_of(address->after.substr(1), is_digit);
  });
}

std::string masked_query(std::string_view query, std::string_view harmless) {
  std::string result = "?";
  for (const std::string_view pair : split(query, '&')) {
    if (result.size() > 1) result += '&';
    const auto equals = pair.find('=');
    std::string value;
    const bool is_pair = equals != std::string_view::npos && percent_decode(pair.substr(equals + 1), value);
    const bool show = is_pair && may_be_shown(pair.substr(0, equals), value, harmless);
    result += show ? pair : kMasked;
  }
  return result;
}

/// The user of `user:password`; nullopt if the text before the '@' is no such pair. As Redis URLs often have only a
/// password there, a single word is taken for a secret.
std::optional<std::string> masked_user(std::string_view info, bool lone_word_is_user) {
  const auto colon = info.find(':');
  const std::string_view user = info.substr(0, colon);
  if (info.find('?') != std::string_view::npos || user.find_first_of("/#") != std::string_view::npos) {
    return std::nullopt;
  }
  if (colon == std::string_view::npos) return std::string(lone_word_is_user ? user : kMasked) + "@";
  return std::string(user) + ":" + std::string(kMasked) + "@";
}

std::string mask_url(std::string_view url, std::string_view harmless, bool lone_word_is_user) {
  const auto separator = url.find("://");
  if (separator == std::string_view::npos || !is_utf8(url)) return std::string(kMasked);
  std::string result(url.substr(0, separator + 3));
  std::string_view rest = url.substr(separator + 3);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto user = masked_user(rest.substr(0, at), lone_word_is_user);
    if (!user) return std::string(kMasked);
    result += *user;
    rest.remove_prefix(at + 1);
  }
  // The text behind a '#' may be the rest of a password.
  const bool has_fragment = rest.find('#') != std::string_view::npos;
  rest = rest.substr(0, rest.find('#'));
  const std::string_view address = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view place = rest.substr(0, rest.find('?'));
  if (!are_addresses(address) || may_nest(place)) return std::string(kMasked);
  result += place;
  if (place.size() < rest.size()) result += masked_query(rest.substr(place.size() + 1), harmless);
  return has_fragment ? result + "#" + std::string(kMasked) : result;
}

std::string mask_conninfo(std::string_view text) {
  const auto pairs = is_utf8(text) ? parse_conninfo(text) : std::nullopt;
  if (!pairs) return std::string(kMasked);
  std::string result;
  for (const auto& [key, value] : *pairs) {
    if (!result.empty()) result += ' ';
    if (may_be_shown(key, value, kHarmlessPostgres)) {
      result += key + "=" + conninfo_value(value);
    } else {
      result += key == "password" ? key + "=" + std::string(kMasked) : std::string(kMasked);
    }
  }
  return result;
}

}  // namespace

std::string mask_postgres(std::string_view connection) {
  const bool is_url = is_one_of("postgres postgresql", lower(connection.substr(0, connection.find("://"))));
  return is_url ? mask_url(connection, kHarmlessPostgres, true) : mask_conninfo(connection);
}

std::string mask_redis_url(std::string_view url) {
  const bool is_known = is_one_of("redis rediss unix redis+unix", lower(url.substr(0, url.find("://"))));
  return is_known ? mask_url(url, kHarmlessRedis, false) : std::string(kMasked);
}

}  // namespace outboxd::config
