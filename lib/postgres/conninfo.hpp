// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// Completes a URL or key=value connection string (PostgreSQL manual, "Connection Strings") with parameters that a
/// daemon needs and the string lacks: connect_timeout, application_name, keep-alives, tcp_user_timeout,
/// client_encoding UTF8. Returns key=value form. Throws std::invalid_argument, without the string's text, when libpq
/// can't read it.
[[nodiscard]] std::string complete_conninfo(const std::string& conninfo, std::chrono::milliseconds connect_timeout,
                                            std::chrono::milliseconds statement_timeout);

/// A complete connection string that names several hosts, with the order of its hosts rotated by `turns`; any other
/// is returned unchanged. libpq goes on to the next host when it can't connect, but not when it is cut off while
/// connecting.
[[nodiscard]] std::string rotate_hosts(const std::string& conninfo, std::size_t turns);

/// The key=value form of such pairs.
[[nodiscard]] std::string in_one_string(const std::map<std::string, std::string>& values);

/// Whether two connection strings lead to the same database by the same way, and differ at most in the login and its
/// secrets; false when libpq can't read one of them.
[[nodiscard]] bool differ_in_login_alone(const std::string& one, const std::string& other);

/// The passwords in a connection string, to be masked in every text; empty when libpq can't read it.
[[nodiscard]] std::vector<std::string> secrets_of_conninfo(const std::string& conninfo);

/// Where a connection string leads, without secrets; empty where it doesn't say so.
struct ConninfoPlace {
  std::string host{};
  std::string port{};
  std::string database{};
  std::string user{};
};
[[nodiscard]] ConninfoPlace place_in_conninfo(const std::string& conninfo);

/// The values in a connection string that are not secret, such as its user; empty when libpq can't read it.
[[nodiscard]] std::vector<std::string> names_in_conninfo(const std::string& conninfo);

}  // namespace outboxd::postgres
