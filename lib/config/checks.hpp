// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

// Checks that the option table names. They return "" for a good value, otherwise the reason as a clause.

/// [schema.]table, each part of letters, digits, '_' and '$', or in double quotes.
std::string check_table_name(const std::string& name);
/// Column names that Postgres can have, a different one for each role.
std::string check_columns(const Names& columns);
/// A different word for each state.
std::string check_states(const Names& states);
/// "approximate" or "exact" for each stream.
std::string check_trims(const Names& trims);
/// Letters, digits, '_', '-' and '.', 1 to kLongestDispatcherName characters.
std::string check_dispatcher_name(const std::string& name);
/// "off" or host:port, IPv6 in brackets.
std::string check_listen(const std::string& listen);
/// 0, or a second or longer, in milliseconds.
std::string check_streams_interval(const std::int64_t& milliseconds);
std::string check_redis_host(const std::string& host);
/// Printable ASCII without blanks, as a token of an HTTP header.
std::string check_bearer(const std::string& token);

inline constexpr std::size_t kLongestDispatcherName = 64;

/// The parts of a table's name (outbox/table_name.hpp); nullopt for a name that Postgres can't have, or that has
/// other characters than letters, digits, '_' and '$' outside of quotes.
std::optional<std::vector<std::string>> table_name_parts(std::string_view name);

/// The bytes of a signing key, hex of at least 32 bytes; an error does not quote the key.
Checked<std::vector<std::uint8_t>> decode_signing_key(std::string_view hex);

}  // namespace outboxd::config
