// SPDX-License-Identifier: Apache-2.0
#include "postgres/conninfo.hpp"

#include "postgres/conninfo_options.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace outboxd::postgres {
namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts{""};
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string turned(const std::string& list, std::size_t turns) {
  auto parts = split(list);
  std::rotate(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(turns % parts.size()), parts.end());
  std::string text;
  for (const auto& part : parts) text.append(&part == parts.data() ? "" : ",").append(part);
  return text;
}

std::string in_quotes(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + "'";
}

enum class Wanted { secret, shown };

std::vector<std::string> values_in(const std::string& conninfo, Wanted wanted) {
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  std::vector<std::string> values;
  if (!parsed) return values;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    // libpq marks the parameters that a dialog would hide.
    const bool is_secret = std::string_view{option->dispchar} == "*";
    if (option->val != nullptr && is_secret == (wanted == Wanted::secret)) values.emplace_back(option->val);
  }
  return values;
}

/// The parameters that decide where a connection leads; empty when libpq can't read the string.
std::optional<std::map<std::string, std::string>> place_of(const std::string& conninfo) {
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  if (!parsed) return std::nullopt;
  std::map<std::string, std::string> values;
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  // Without a name the database is named like the user.
  if (!values.contains("dbname") && values.contains("user")) values["dbname"] = values["user"];
  for (const auto* of_login : {"user", "password", "passfile", "sslcert", "sslkey", "sslpassword", "sslrootcert"}) {
    values.erase(of_login);
  }
  return values;
}

}  // namespace

std::string in_one_string(const std::map<std::string, std::string>& values) {
  std::string text;
  for (const auto& [key, value] : values) text.append(key).append("=").append(in_quotes(value)).append(" ");
  return text;
}

bool differ_in_login_alone(const std::string& one, const std::string& other) {
  const auto place = place_of(one);
  return place && place == place_of(other);
}

std::vector<std::string> secrets_of_conninfo(const std::string& conninfo) {
  return values_in(conninfo, Wanted::secret);
}

std::vector<std::string> names_in_conninfo(const std::string& conninfo) {
  return values_in(conninfo, Wanted::shown);
}

ConninfoPlace place_in_conninfo(const std::string& conninfo) {
  const auto values = place_of(conninfo).value_or(std::map<std::string, std::string>{});
  const auto value = [&values](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string{} : found->second;
  };
  return {value(values.contains("host") ? "host" : "hostaddr"), value("port"), value("dbname"), value("user")};
}

std::string complete_conninfo(const std::string& conninfo, std::chrono::milliseconds connect_timeout,
                              std::chrono::milliseconds statement_timeout) {
  // libpq's own message would quote the part that it can't read, which may be the password.
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  if (!parsed) {
    throw std::invalid_argument(
        "postgres.url (DATABASE_URL) is neither a valid connection URL nor valid key=value text; it isn't shown, as "
        "it "
        "may hold a password (special characters in a URL's password are written %40 for @, %2F for /, and so on)");
  }
  const auto seconds =
      std::max<std::chrono::seconds::rep>(2, std::chrono::ceil<std::chrono::seconds>(connect_timeout).count());
  std::map<std::string, std::string> values{
      {"application_name", "outboxd"},
      {"client_encoding", "UTF8"},
      {"connect_timeout", std::to_string(seconds)},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", std::to_string(statement_timeout.count())},
  };
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  // Not configurable: this program reads and writes UTF-8.
  values["client_encoding"] = "UTF8";
  return in_one_string(values);
}

std::string rotate_hosts(const std::string& conninfo, std::size_t turns) {
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  std::map<std::string, std::string> values;
  for (const auto* option = parsed.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  std::size_t hosts = 1;
  for (const auto* list : {"host", "hostaddr"}) {
    if (values.contains(list)) hosts = std::max(hosts, split(values[list]).size());
  }
  if (hosts == 1) return conninfo;
  for (const auto* list : {"host", "hostaddr", "port"}) {
    // One port may stand for all hosts.
    if (values.contains(list) && split(values[list]).size() == hosts) values[list] = turned(values[list], turns);
  }
  return in_one_string(values);
}

}  // namespace outboxd::postgres
