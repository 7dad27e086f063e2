// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_parts.hpp"
#include "config/text.hpp"

#include <algorithm>

namespace outboxd::config {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr const char* kNeither =
    "is neither a URL (postgresql://user@host/database) nor key=value text (host=db user=app dbname=app)";
constexpr const char* kStrayAt =
    "has an '@' that is not between password and host: write %40 for '@', %2F for '/', %3F for '?' and %23 for '#' "
    "in the user and the password";
constexpr const char* kFragment =
    "has a '#' in its database name, where libpq knows no fragment: take it out with what follows, or write %23 if "
    "the name has a '#'";
constexpr const char* kAdoNet =
    "is a connection string of ADO.NET (Host=…;Port=…): write it as a URL, "
    "postgresql://user:password@host:port/database (in user and password %40 for '@', %2F for '/', %3F for '?', %23 "
    "for '#', %25 for '%')";

/// Reads one URL; each step is false if the URL is refused.
class UrlReader {
 public:
  explicit UrlReader(bool is_jdbc) : is_jdbc_(is_jdbc) { result_.as_libpq = !is_jdbc; }

  Checked<PostgresPairs> read(std::string_view rest) {
    if (!read_url(rest)) return {.problem = std::move(problem_)};
    return {.value = std::move(result_)};
  }

 private:
  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  bool read_url(std::string_view rest) {
    const auto query_at = rest.find('?');
    const auto place = rest.substr(0, query_at);
    const auto slash = place.find('/');
    const auto authority = place.substr(0, slash);
    const auto path = slash == kNone ? std::string_view() : place.substr(slash + 1);
    const auto query = query_at == kNone ? std::string_view() : rest.substr(query_at + 1);
    // A password with such a character would be taken for a host or a database, and be named in libpq's errors.
    const bool stray = path.find('@') != kNone || has_stray_hash(authority) ||
                       (slash == kNone && authority.find('@') == kNone && query.find('@') != kNone);
    if (stray) return refuse(kStrayAt);
    if (path.find('#') != kNone) return refuse(kFragment);
    // No host has an '@' in it, so the last one ends the password.
    const auto at = authority.rfind('@');
    return (at == kNone ? read_hosts(authority)
                        : read_user(authority.substr(0, at)) && read_hosts(authority.substr(at + 1))) &&
           (path.empty() || add("dbname", path, "its database name")) && read_query(query);
  }

  /// A '#' in a password can only be read in one way if the text before it can't be a host and its port.
  static bool has_stray_hash(std::string_view authority) {
    const auto hash = authority.find('#');
    if (hash == kNone) return false;
    const auto at = authority.rfind('@');
    const auto colon = authority.substr(0, hash).find(':');
    if (at == kNone || authority.find('#', at) != kNone || colon == kNone) return true;
    return std::ranges::all_of(authority.substr(colon + 1, hash - colon - 1), is_digit);
  }

  bool add(std::string_view key, std::string_view text, const std::string& place) {
    std::string& value = result_.pairs.emplace_back(key, "").second;
    return percent_decode(text, value) ||
           refuse("has a '%' that is not followed by two hex digits, or is %00, in " + place + ": write %25 for '%'");
  }

  /// A '%' that begins no escape can only be read in one way: libpq refuses it, and other drivers take it literally.
  bool add_credential(std::string_view key, std::string_view text) {
    std::string& value = result_.pairs.emplace_back(key, "").second;
    if (percent_decode(text, value)) return true;
    result_.as_libpq = false;
    return percent_decode(text, value, LonePercent::itself) || refuse(kZeroInLogin);
  }

  bool read_user(std::string_view info) {
    if (const auto at = info.find('@'); at != kNone) {
      // It could be a list of hosts, each with a password of its own.
      if (info.find(',', at) != kNone) return refuse(kStrayAt);
      result_.as_libpq = false;
    }
    const auto colon = info.find(':');
    return add_credential("user", info.substr(0, colon)) &&
           (colon == kNone || add_credential("password", info.substr(colon + 1)));
  }

  bool read_hosts(std::string_view authority) {
    std::string hosts;
    std::string ports;
    std::string_view comma;
    for (const std::string_view part : split(authority, ',')) {
      const auto address = read_address(part);
      if (!address) return refuse(std::string(kOpenBracket) + " in its host");
      if (address->in_brackets && address->host.empty()) return refuse("has brackets with no IPv6 address in them");
      const std::string_view port = address->after.substr(std::min<std::size_t>(1, address->after.size()));
      if (!address->after.empty() && !address->after.starts_with(':')) return refuse(kBadPort);
      if (!port.empty() && !is_port(port)) return refuse(kBadPort);
      // In JDBC that means this machine, in libpq a Unix socket.
      hosts.append(comma).append(address->host.empty() && is_jdbc_ ? "localhost" : address->host);
      ports.append(comma).append(port);
      comma = ",";
    }
    if (ports.find_first_not_of(',') != kNone) result_.pairs.emplace_back("port", ports);
    return hosts.empty() || add("host", hosts, "its host");
  }

  bool read_query(std::string_view query) {
    if (query.empty()) return true;
    const auto pairs = split(query, '&');
    if (std::ranges::count(pairs, std::string_view()) > 0) result_.as_libpq = false;
    return std::ranges::all_of(pairs, [this](auto pair) { return pair.empty() || read_parameter(pair); });
  }

  bool read_parameter(std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == kNone) {
      return refuse(pair.find('@') != kNone
                        ? kStrayAt
                        : "has a parameter without a value: write parameters as ?name=value&name=value");
    }
    std::string key;
    const bool is_name =
        percent_decode(pair.substr(0, equals), key) && !key.empty() && has_only_letters_digits_and("_-.[]", key);
    if (!is_name) return refuse(kBadName);
    const auto value = pair.substr(equals + 1);
    const bool is_secret = key == "password";
    // Otherwise it may be the end of a password that had a '?' in it.
    if (value.find('@') != kNone && !is_secret && key != "user") return refuse(kStrayAt);
    if (key == "dbname" && value.find('#') != kNone) return refuse(kFragment);
    if (value.find_first_of("=@") != kNone) result_.as_libpq = false;
    return is_secret ? add_credential(key, value) : add(key, value, "the parameter " + key);
  }

  PostgresPairs result_;
  std::string problem_;
  bool is_jdbc_;
};

struct Scheme {
  /// The text after "://".
  std::string rest;
  bool is_jdbc = false;
  /// As libpq reads it.
  bool is_plain = true;
};

/// nullopt if it is no Postgres URL.
std::optional<Scheme> take_scheme(std::string_view text) {
  constexpr std::string_view kJdbc = "jdbc:postgresql:";
  if (lower(text.substr(0, kJdbc.size())) == kJdbc) {
    text.remove_prefix(kJdbc.size());
    // jdbc:postgresql:database and jdbc:postgresql:/ are on this machine.
    if (!text.starts_with('/')) return Scheme{"/" + std::string(text), true, false};
    return Scheme{std::string(text.substr(text.starts_with("//") ? 2 : 0)), true, false};
  }
  const auto separator = text.find("://");
  const std::string_view name = text.substr(0, separator);
  const std::string base = lower(name.substr(0, name.find('+')));
  if (separator == kNone || (base != "postgres" && base != "postgresql")) return std::nullopt;
  return Scheme{std::string(text.substr(separator + 3)), false, name == base};
}

bool looks_like_url(std::string_view text) {
  const auto separator = text.find("://");
  return lower(text.substr(0, 5)) == "jdbc:" || (separator != kNone && text.find_first_of(" =") > separator);
}

/// Host=h;Port=5432;Database=d;…, where libpq would read a single value.
bool is_of_ado_net(std::string_view text) {
  const auto parts = split(text, ';');
  const auto is_known = [](std::string_view part) {
    std::string key = lower(trim(part.substr(0, part.find('='))));
    std::erase(key, ' ');
    return is_one_of("host server port user username userid uid database datasource", key);
  };
  // In key=value text the first value may end in a ';', but several pairs come before it.
  return parts.size() > 1 && std::ranges::count(parts.front(), '=') == 1 &&
         std::ranges::count_if(parts, is_known) > 1;
}

}  // namespace

Checked<PostgresPairs> read_postgres_pairs(std::string_view text) {
  const std::string_view whole = text;
  text = trim(text);
  if (text.empty()) return {.problem = "is empty"};
  if (std::string problem = quote_in_front(text); !problem.empty()) return {.problem = std::move(problem)};
  if (const auto scheme = take_scheme(text)) {
    Checked<PostgresPairs> read = UrlReader(scheme->is_jdbc).read(scheme->rest);
    if (read.value && (!scheme->is_plain || text.size() != whole.size())) read.value->as_libpq = false;
    return read;
  }
  if (looks_like_url(text)) {
    return {.problem =
                "begins with the scheme of something other than Postgres: write postgresql://user@host/database"};
  }
  if (is_of_ado_net(text)) return {.problem = kAdoNet};
  auto pairs = parse_conninfo(text);
  if (!pairs) return {.problem = kNeither};
  return {.value = PostgresPairs{std::move(*pairs), true}};
}

}  // namespace outboxd::config
