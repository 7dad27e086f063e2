// SPDX-License-Identifier: Apache-2.0
#include "config/redis_url.hpp"

#include "config/checks.hpp"
#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace outboxd::config {
namespace {

using Rest = std::string_view;

constexpr std::size_t kLongestSocketPath = 107;
constexpr const char* kBadPercent = "has a '%' that is not followed by two hex digits, or is %00";
constexpr const char* kNoTls =
    "asks for TLS (rediss://), and TLS to Redis is not supported by this version: use redis:// or unix://";

// Parameters that ioredis, node-redis, redis-py, go-redis and similar drivers read themselves: in lower case and
// without '_', since each writes them in its own way.
constexpr std::string_view kOfTheDriver =
    "family protocol "
    // Pools
    "maxconnections poolsize pooltimeout poolfifo minidleconns maxidleconns maxactiveconns connmaxidletime "
    "connmaxlifetime connmaxlifetimejitter idletimeout idlecheckfrequency maxconnage "
    // Time-outs and retries
    "timeout connecttimeout commandtimeout dialtimeout readtimeout writetimeout sockettimeout socketconnecttimeout "
    "maxretries minretrybackoff maxretrybackoff maxretriesperrequest retryontimeout retryonerror retrystrategy "
    "reconnectonerror healthcheckinterval pinginterval keepalive socketkeepalive nodelay "
    // Names and notations
    "clientname connectionname libname libver libraryname libraryversion identitysuffix disableidentity "
    "decoderesponses encoding encodingerrors allowusernameinuri enablereadycheck enableofflinequeue "
    "disableofflinequeue lazyconnect autoresubscribe autoresendunfulfilledcommands showfriendlyerrorstack "
    "singleconnectionclient enableautopipelining";

std::string read_database(std::string_view text, RedisUrl& url) {
  const auto database = parse_integer(text).value;
  if (!database || *database < 0 || *database > kMaxRedisDatabase) {
    return "names a database that is not a number between 0 and " + std::to_string(kMaxRedisDatabase);
  }
  if (url.database && *url.database != *database) return "names two different databases";
  url.database = static_cast<int>(*database);
  return "";
}

std::string read_user(std::string_view info, RedisUrl& url) {
  if (info.find_first_of("/?#") != Rest::npos) {
    return "has a '/', '?' or '#' in its user or password: write them as %2F, %3F and %23";
  }
  const auto colon = std::min(info.find(':'), info.size());
  const std::string_view after = info.substr(std::min(colon + 1, info.size()));
  std::string username;
  std::string password;
  // A '%' that begins no escape can only be read in one way.
  const bool good = percent_decode(info.substr(0, colon), username, LonePercent::itself) &&
                    percent_decode(after, password, LonePercent::itself);
  if (!good) return kZeroInLogin;
  if (!username.empty()) url.username = std::move(username);
  if (!password.empty()) url.password = std::move(password);
  return "";
}

std::string read_parameter(std::string_view name, std::string_view text, RedisUrl& url) {
  constexpr std::size_t kLongestName = 40;
  if (name.empty() || name.size() > kLongestName || !has_only_letters_digits_and("_-", name)) return kBadName;
  std::string value;
  if (!percent_decode(text, value)) return kBadPercent;
  const std::string shown = "the parameter " + std::string(name);
  const bool is_off = value == "false" || value == "0" || value.empty();
  std::string word = lower(name);
  std::erase(word, '_');
  if (is_one_of("db database", word)) return read_database(text, url);
  if (is_one_of("tls ssl", word)) return is_off ? "" : kNoTls;
  if (word == "keyprefix") {
    return is_off ? "" : "has " + shown + ": streams have the names that their rows give them, so take it out";
  }
  if (is_one_of("username user", word)) {
    if (!url.username) url.username = value;
  } else if (word == "password") {
    if (!url.password) url.password = value;
  } else if (word.starts_with("ssl") || word.starts_with("tls") ||
             is_one_of("skipverify servername rejectunauthorized", word)) {
    url.warnings.push_back(shown + " is for TLS, which this URL doesn't ask for, and is left out");
  } else if (is_one_of(kOfTheDriver, word)) {
    url.warnings.push_back(shown +
                           " concerns another driver alone, and is left out: outboxd has redis.timeout, "
                           "redis.connect_timeout and one connection");
  } else {
    return "has " + shown + ", which means nothing here: take it out";
  }
  return "";
}

std::string read_query(std::string_view query, RedisUrl& url) {
  std::string problem;
  for (const std::string_view pair : split(query, '&')) {
    const auto equals = pair.find('=');
    if (pair.empty() || !problem.empty()) continue;
    problem = equals == Rest::npos ? "has a parameter without a value: write ?db=N"
                                   : read_parameter(pair.substr(0, equals), pair.substr(equals + 1), url);
  }
  return problem;
}

std::string read_server(std::string_view text, RedisUrl& url) {
  const auto address = read_address(text);
  if (!address) return kOpenBracket;
  const Rest digits = address->host.substr(0, address->host.find('%'));
  const bool is_ipv6 =
      digits.find_first_not_of("0123456789abcdefABCDEF:.") == Rest::npos && digits.find(':') != Rest::npos;
  if (address->in_brackets && !is_ipv6) return "has something other than an IPv6 address in brackets";
  if (!percent_decode(address->host, url.host)) return kBadPercent;
  if (url.host.empty()) return "names no host";
  if (!is_utf8(url.host) || !check_redis_host(url.host).empty()) {
    return "has a host that is neither a name nor an IP address";
  }
  if (address->after.empty()) return "";
  const std::string_view port = address->after.substr(1);
  if (!address->after.starts_with(':') || !is_port(port)) return kBadPort;
  url.port = static_cast<std::uint16_t>(*parse_integer(port).value);
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
  if (std::string problem = read_server(address, url); !problem.empty()) return problem;
  rest.remove_prefix(address.size());
  const Rest path = rest.substr(0, rest.find('?'));
  std::string problem = path.size() > 1 ? read_database(path.substr(1), url) : "";
  if (!problem.empty() || path.size() == rest.size()) return problem;
  return read_query(rest.substr(path.size() + 1), url);
}

std::string read_unix(Rest rest, RedisUrl& url) {
  if (!rest.starts_with('/')) {
    const auto at = rest.find("@/");
    if (at == Rest::npos) return "names no absolute socket path, as unix:///run/redis/redis.sock does";
    if (std::string problem = read_user(rest.substr(0, at), url); !problem.empty()) return problem;
    rest.remove_prefix(at + 1);
  }
  const Rest path = rest.substr(0, rest.find('?'));
  if (!percent_decode(path, url.unix_path)) return kBadPercent;
  if (url.unix_path == "/") return "names no socket path";
  if (url.unix_path.size() > kLongestSocketPath) {
    return "names a socket path of more than 107 bytes, which none can have";
  }
  return path.size() < rest.size() ? read_query(rest.substr(path.size() + 1), url) : "";
}

std::string read_url(std::string_view text, RedisUrl& url) {
  const auto separator = text.find("://");
  const std::string scheme = separator == Rest::npos ? "" : lower(text.substr(0, separator));
  if (scheme == "redis") return read_tcp(text.substr(separator + 3), url);
  if (scheme == "unix" || scheme == "redis+unix") return read_unix(text.substr(separator + 3), url);
  if (scheme == "rediss") return kNoTls;
  const std::string quoted = quote_in_front(text);
  return quoted.empty() ? "does not begin with redis://, unix:// or redis+unix://" : quoted;
}

}  // namespace

std::string RedisEndpoint::shown() const {
  const std::string suffix = "/" + std::to_string(database);
  if (!unix_path.empty()) return "unix:" + unix_path + suffix;
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + suffix;
}

Checked<RedisUrl> parse_redis_url(std::string_view text) {
  RedisUrl url;
  std::string problem = read_url(trim(text), url);
  if (!problem.empty()) return {.problem = std::move(problem)};
  return {.value = std::move(url)};
}

}  // namespace outboxd::config
