// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// Completes a URL or key=value connection string (PostgreSQL manual, "Connection Strings") with what a daemon needs
/// and the string leaves out: connect_timeout, application_name, keep-alives, tcp_user_timeout, client_encoding UTF8.
/// Returns key=value form. Throws std::invalid_argument, without the string's text, when libpq can't read it.
[[nodiscard]] std::string complete_conninfo(const std::string& conninfo, std::chrono::milliseconds connect_timeout,
                                            std::chrono::milliseconds statement_timeout);

/// The passwords in a connection string, to be kept out of every text; nothing when libpq can't read it.
[[nodiscard]] std::vector<std::string> secrets_of_conninfo(const std::string& conninfo);

}  // namespace outboxd::postgres
