// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// What a connection would be opened with: the connection string's values, a service's and the environment's.
struct ConnectionWish {
  std::map<std::string, std::string> values;
  /// Whether "host" and "hostaddr" are among them; a service's file may name others.
  bool knows_servers = true;
};

/// What libpq would only say after a server has answered, although no server could change it. A clause as
/// judge_conninfo()'s. `libpq_version`: as PQlibVersion() has it.
[[nodiscard]] std::string impossible_with_any_server(const ConnectionWish& wish, int libpq_version);

/// What can't work, or protects less than it seems to, by the files of certificates as they are now: clauses.
[[nodiscard]] std::vector<std::string> doubts_of_certificates(const ConnectionWish& wish);

}  // namespace outboxd::postgres
