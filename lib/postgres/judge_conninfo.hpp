// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace outboxd::postgres {

/// The names of the parameters that this libpq knows.
[[nodiscard]] std::vector<std::string> conninfo_parameters();

/// Why libpq can't even try to connect by a URL or key=value connection string, whatever the servers do: an unknown
/// parameter or value, a service that no file defines, a kind of verification that this libpq, or this way to the
/// server, doesn't have. The result is a clause that names the parameter and quotes no value; "" if libpq can
/// connect. Also heeds the PG… variables of the environment, as libpq does. Touches no network.
[[nodiscard]] std::string judge_conninfo(const std::string& conninfo);

/// Parameters of such a connection string that can't work, or verify no server, given the certificate files as they
/// are now: files may still be added. Clauses of the same kind, which may name such a file.
[[nodiscard]] std::vector<std::string> doubts_of_conninfo(const std::string& conninfo);

}  // namespace outboxd::postgres
