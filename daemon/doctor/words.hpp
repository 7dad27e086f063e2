// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::daemon::doctor {

// The words of findings and remedies. Pure.

/// The text as one word of a shell.
[[nodiscard]] std::string shell_word(std::string_view text);

/// `psql … -c 'SQL'`; `psql` is the command with the server's address.
[[nodiscard]] std::string sql_command(const std::string& psql, const std::string& sql);

/// "59 s", "3 min", "5 h", "4 d".
[[nodiscard]] std::string span_text(std::chrono::seconds time);

/// "512 B", "10.0 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// Whether the address is a Unix socket's folder or path, or of this machine.
[[nodiscard]] bool is_local_address(std::string_view host);

/// The SQLSTATE of a refused connection, by Postgres' message; empty if it isn't one of a few.
[[nodiscard]] std::string sqlstate_in(std::string_view message);

/// A table's name in quoted SQL without the quotes, where it doesn't need them.
[[nodiscard]] std::string plain_name(const std::string& quoted);

/// A message of this program that ends with its remedy, in two parts.
struct Advice {
  std::string seen;
  std::string remedy;
};
[[nodiscard]] Advice split_advice(const std::string& message);

}  // namespace outboxd::daemon::doctor
