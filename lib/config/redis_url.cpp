// SPDX-License-Identifier: Apache-2.0
#include "config/redis_url.hpp"

#include "config/checks.hpp"
#include "config/redis_parameters.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace outboxd::config {
namespace {

using Rest = std::string_view;

constexpr std::int64_t kMaxPort = 65'535;
constexpr std::size_t kLongestSocketPath = 107;
constexpr std::int64_t kMaxDatabase = 65'535;
constexpr std::string_view kBadPercent = "has a '%' that is not followed by two hex digits, or is %00";
constexpr const char* kNoTls =
    "asks for TLS (rediss://), and TLS to Redis is not supported by this version: use redis:// or unix://";

std::optional<std::int64_t> number_within(std::string_view text, std::int64_t min, std::int64_t max) {
  const auto number = parse_integer(text).value;
  return number && *number >= min && *number <= max ? number : std::nullopt;
}

std::string read_database(std::string_view text, RedisUrl& url) {
  const auto database = number_within(text, 0, kMaxDatabase);
  if (!database) return "names a database that is not a number between 0 and " + std::to_string(kMaxDatabase);
  if (url.database && *url.database != *database) return "names two different databases";
  url.database = static_cast<int>(*database);
  return "";
}

std::string read_user(std::string_view info, RedisUrl& url) {
  if (info.find_first_of("/?#") != Rest::npos) {
    return "has a '/', '?' or '#' in its user or password: write them as %2F, %3F and %23";
  }
  const auto colon = info.find(':');
  std::string username;
  std::string password;
  // A '%' that begins no escape has one reading.
  if (!percent_decode_leniently(info.substr(0, colon), username) ||
      (colon != Rest::npos && !percent_decode_leniently(info.substr(colon + 1), password))) {
    return "has %00 in its user or password, which no text can hold";
  }
  if (!username.empty()) url.username = std::move(username);
  if (!password.empty()) url.password = std::move(password);
  return "";
}

bool is_plain_name(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), fits);
}

std::string read_parameter(std::string_view name, std::string_view value, RedisUrl& url) {
  if (!is_plain_name(name))
    return "has a parameter whose name has other characters than letters, digits, '_' and '-'";
  const std::string shown = "the parameter " + std::string(name);
  std::string decoded;
  if (!percent_decode(value, decoded)) return std::string(kBadPercent);
  const bool is_off = decoded == "false" || decoded == "0" || decoded.empty();
  switch (redis_parameter(name)) {
    case RedisParameter::database:
      return read_database(value, url);
    case RedisParameter::username:
      if (!url.username) url.username = decoded;
      return "";
    case RedisParameter::password:
      if (!url.password) url.password = decoded;
      return "";
    case RedisParameter::of_the_driver:
      url.warnings.push_back(shown +
                             " concerns another driver alone, and is left out: outboxd has redis.timeout, "
                             "redis.connect_timeout and one connection");
      return "";
    case RedisParameter::of_tls:
      url.warnings.push_back(shown + " is for TLS, which this URL doesn't ask for, and is left out");
      return "";
    case RedisParameter::tls:
      return is_off ? "" : kNoTls;
    case RedisParameter::prefix:
      return is_off ? "" : "has " + shown + ": streams have the names that their rows give them, so take it out";
    case RedisParameter::unknown:
      break;
  }
  return "has " + shown + ", which means nothing here: take it out";
}

std::string read_query(std::string_view query, RedisUrl& url) {
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == Rest::npos) return "has a parameter without a value: write ?db=N";
    std::string problem = read_parameter(pair.substr(0, equals), pair.substr(equals + 1), url);
    if (!problem.empty()) return problem;
  }
  return "";
}

/// host, host:port, [v6] or [v6]:port.
std::string read_address(std::string_view address, RedisUrl& url) {
  std::string_view host = address.substr(0, address.find(':'));
  std::string_view after = address.substr(host.size());
  if (!address.empty() && address.front() == '[') {
    const auto bracket = address.find(']');
    if (bracket == Rest::npos) return "has a '[' without a ']'";
    host = address.substr(1, bracket - 1);
    after = address.substr(bracket + 1);
    const Rest digits = host.substr(0, host.find('%'));
    if (digits.find_first_not_of("0123456789abcdefABCDEF:.") != Rest::npos || digits.find(':') == Rest::npos) {
      return "has something other than an IPv6 address in brackets";
    }
  }
  if (!percent_decode(host, url.host)) return std::string(kBadPercent);
  if (url.host.empty()) return "names no host";
  if (!is_utf8(url.host) || !check_redis_host(url.host).empty())
    return "has a host that is neither a name nor an IP address";
  if (after.empty()) return "";
  const auto port = after.front() == ':' ? number_within(after.substr(1), 1, kMaxPort) : std::nullopt;
  if (!port) {
    return "has a port that is not a number between 1 and " + std::to_string(kMaxPort) +
           " (IPv6 hosts stand in brackets; '/', '?', '#' and '@' in a password are written as %2F, %3F, %23, %40)";
  }
  url.port = static_cast<std::uint16_t>(*port);
  return "";
}

std::string read_tcp(Rest rest, RedisUrl& url) {
  // The last '@': a password may hold one that is not escaped.
  if (const auto at = rest.rfind('@'); at != Rest::npos) {
    if (std::string problem = read_user(rest.substr(0, at), url); !problem.empty()) return problem;
    rest.remove_prefix(at + 1);
  }
  if (const auto fragment = rest.find('#'); fragment != Rest::npos) {
    if (fragment + 1 < rest.size()) url.warnings.emplace_back("what stands behind its '#' is left out");
    rest = rest.substr(0, fragment);
  }
  const Rest address = rest.substr(0, rest.find_first_of("/?"));
  if (std::string problem = read_address(address, url); !problem.empty()) return problem;
  rest.remove_prefix(address.size());
  const Rest path = rest.substr(0, rest.find('?'));
  if (path.size() > 1) {
    if (std::string problem = read_database(path.substr(1), url); !problem.empty()) return problem;
  }
  return path.size() < rest.size() ? read_query(rest.substr(path.size() + 1), url) : "";
}

std::string read_unix(Rest rest, RedisUrl& url) {
  if (rest.empty() || rest.front() != '/') {
    const auto at = rest.find("@/");
    if (at == Rest::npos) return "names no absolute socket path, as unix:///run/redis/redis.sock does";
    if (std::string problem = read_user(rest.substr(0, at), url); !problem.empty()) return problem;
    rest.remove_prefix(at + 1);
  }
  const Rest path = rest.substr(0, rest.find('?'));
  if (!percent_decode(path, url.unix_path)) return std::string(kBadPercent);
  if (url.unix_path == "/") return "names no socket path";
  if (url.unix_path.size() > kLongestSocketPath)
    return "names a socket path of more than 107 bytes, which none can have";
  return path.size() < rest.size() ? read_query(rest.substr(path.size() + 1), url) : "";
}

}  // namespace

Checked<RedisUrl> parse_redis_url(std::string_view text) {
  constexpr std::string_view kSeparator = "://";
  text = trim(text);
  const auto separator = text.find(kSeparator);
  const std::string scheme = separator == Rest::npos ? "" : lower(text.substr(0, separator));
  const Rest rest = scheme.empty() ? Rest() : text.substr(separator + kSeparator.size());
  RedisUrl url;
  std::string problem;
  if (scheme == "redis") {
    problem = read_tcp(rest, url);
  } else if (scheme == "unix" || scheme == "redis+unix") {
    problem = read_unix(rest, url);
  } else if (scheme == "rediss") {
    problem = kNoTls;
  } else if (problem = quote_in_front(text); problem.empty()) {
    problem = "does not begin with redis://, unix:// or redis+unix://";
  }
  if (!problem.empty()) return {.problem = std::move(problem)};
  return {.value = std::move(url)};
}

std::string check_redis_url(const Value& value) {
  return parse_redis_url(std::get<std::string>(value)).problem;
}

}  // namespace outboxd::config
