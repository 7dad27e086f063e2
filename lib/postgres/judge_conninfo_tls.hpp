// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// The parameters of a new connection: from the connection string, a service and the environment.
struct ConnectionWish {
  std::map<std::string, std::string> values;
  /// Whether "host" and "hostaddr" are among them; a service's file may name others.
  bool knows_servers = true;
};

/// Errors that libpq would only report after a server has answered, although no server could change them. A clause
/// like judge_conninfo()'s. `libpq_version`: as PQlibVersion() returns it.
[[nodiscard]] std::string impossible_with_any_server(const ConnectionWish& wish, int libpq_version);

/// Parameters that can't work, or protect less than they seem to, given the certificate files as they are now:
/// clauses.
[[nodiscard]] std::vector<std::string> doubts_of_certificates(const ConnectionWish& wish);

}  // namespace outboxd::postgres
