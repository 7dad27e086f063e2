// SPDX-License-Identifier: Apache-2.0
#include "postgres/judge_conninfo.hpp"

#include "postgres/conninfo.hpp"
#include "postgres/conninfo_options.hpp"
#include "postgres/judge_conninfo_tls.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <utility>

namespace outboxd::postgres {
namespace {

constexpr std::string_view kNoFolder = "/outboxd-looks-for-no-server-here";

using Values = std::map<std::string, std::string>;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

bool is_keyword(const PQconninfoOption* option, std::string_view word) {
  for (; option->keyword != nullptr; ++option) {
    if (option->keyword == word) return true;
  }
  return false;
}

/// libpq's first line, in which it may quote only its own parameters.
std::string words_of(std::string_view message, const PQconninfoOption* options) {
  message = message.substr(0, message.find('\n'));
  std::string words;
  while (true) {
    const auto quote = message.find('"');
    words += message.substr(0, quote);
    if (quote == std::string_view::npos) return words;
    message.remove_prefix(quote + 1);
    const auto quoted = message.substr(0, message.find('"'));
    words += is_keyword(options, quoted) ? quoted : "…";
    message.remove_prefix(std::min(quoted.size() + 1, message.size()));
  }
}

/// Whether each part is a numeric address. Asks no name server.
bool are_addresses(std::string_view list) {
  while (true) {
    const std::string part{list.substr(0, list.find(','))};
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (!part.empty() && ::getaddrinfo(part.c_str(), nullptr, &hints, &found) != 0) return false;
    if (found != nullptr) ::freeaddrinfo(found);
    if (part.size() == list.size()) return true;
    list.remove_prefix(part.size() + 1);
  }
}

/// The same connection to as many missing servers on this machine, so that libpq checks everything else first.
std::string to_nowhere(Values values) {
  std::string hosts{kNoFolder};
  const std::string named = values.contains("host") ? values["host"] : values["hostaddr"];
  for (auto commas = std::count(named.begin(), named.end(), ','); commas > 0; --commas) {
    hosts.append(",").append(kNoFolder);
  }
  values["host"] = hosts;
  values["hostaddr"] = "";
  // Otherwise libpq would read the password file, and report its faults on standard error.
  values["password"] = "none";
  // A local socket has no TLS, and its parameters have been checked.
  values["gssencmode"] = "disable";
  return in_one_string(values);
}

Values values_of(const PQconninfoOption* option) {
  Values values;
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  return values;
}

/// A connection to nowhere has all parameters of the real one, apart from those that to_nowhere() replaces.
ConnectionWish wish_of(PGconn* connection, const Values& given) {
  const auto defaults = values_of(ConninfoOptions{PQconndefaults()}.get());
  ConnectionWish wish{.values = values_of(ConninfoOptions{PQconninfo(connection)}.get())};
  for (const auto* key : {"host", "hostaddr", "password", "gssencmode"}) {
    wish.values.erase(key);
    for (const auto* values : {&given, &defaults}) {
      if (const auto found = values->find(key); found != values->end() && wish.values.insert(*found).second) break;
    }
  }
  const bool has_service = given.contains("service") || defaults.contains("service");
  wish.knows_servers = !has_service || given.contains("host") || given.contains("hostaddr");
  return wish;
}

using RawConnection = std::unique_ptr<PGconn, Finish>;

RawConnection connection_to_nowhere(const Values& given) {
  return RawConnection{PQconnectStart(to_nowhere(given).c_str())};
}

}  // namespace

std::vector<std::string> conninfo_parameters() {
  const ConninfoOptions known{PQconninfoParse("", nullptr)};
  std::vector<std::string> names;
  for (const auto* option = known.get(); option != nullptr && option->keyword != nullptr; ++option) {
    names.emplace_back(option->keyword);
  }
  return names;
}

std::string judge_conninfo(const std::string& conninfo) {
  // libpq's message would quote the unreadable part, which may be the password.
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  if (!parsed) return "is neither a connection URL nor key=value text that libpq can read";
  const auto values = values_of(parsed.get());
  const auto addresses = values.find("hostaddr");
  if (addresses != values.end() && !are_addresses(addresses->second)) return "has a hostaddr that is no IP address";
  const auto connection = connection_to_nowhere(values);
  if (!connection) return "";
  const std::string_view said = PQerrorMessage(connection.get());
  // A service's file or the environment may name more servers than are known here.
  const bool can_try = PQstatus(connection.get()) != CONNECTION_BAD || said.empty() ||
                       said.find(kNoFolder) != std::string_view::npos || said.starts_with("could not match");
  if (!can_try) return "can't work: libpq says: " + words_of(said, parsed.get());
  return impossible_with_any_server(wish_of(connection.get(), values), PQlibVersion());
}

std::vector<std::string> doubts_of_conninfo(const std::string& conninfo) {
  const ConninfoOptions parsed{PQconninfoParse(conninfo.c_str(), nullptr)};
  if (!parsed) return {};
  const auto values = values_of(parsed.get());
  const auto connection = connection_to_nowhere(values);
  if (!connection) return {};
  return doubts_of_certificates(wish_of(connection.get(), values));
}

}  // namespace outboxd::postgres
