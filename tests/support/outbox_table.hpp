// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/programs.hpp"
#include "support/shared_servers.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace outboxd::test {

/// A new database of the shared Postgres with the services' `event_outbox`, created as the contract describes it, not
/// by our migrations.
[[nodiscard]] Database contract_database();

/// The same table in a database of any other server.
void create_contract_table(const Database& database);

/// A stream name that no other test of this process uses.
[[nodiscard]] std::string new_stream(std::string_view topic = "stream");

/// The text as an SQL literal.
[[nodiscard]] std::string literal(std::string_view text);

/// Inserts one row by plain SQL, as another service would.
void insert_row(const Database& database, const std::string& id, const std::string& stream,
                const std::string& payload_json);

/// Inserts `count` rows in one statement. Their ids are `prefix` and a number of six digits, their payloads
/// {"n":number}.
void insert_rows(const Database& database, const std::string& prefix, const std::string& stream, int count);

/// Counts the rows for which `condition` (SQL) holds.
[[nodiscard]] std::int64_t count_rows(const Database& database, const std::string& condition = "true");

/// The environment for an outboxd: both servers, the contract's key, and no HTTP port.
[[nodiscard]] Environment outboxd_environment(const Database& database, const PrivateRedis& redis = shared_redis());

/// The environment with some variables replaced or added; an empty value removes one.
[[nodiscard]] Environment with(Environment environment, const Environment& changes);

/// The counts that `outboxd --once` prints, read from the last line of its standard output. Throws unless that is a
/// JSON object with these members.
struct OnceCounts {
  std::string status;
  std::int64_t claimed = 0;
  std::int64_t published = 0;
  std::int64_t retried = 0;
  std::int64_t dead = 0;
  std::int64_t released = 0;

  [[nodiscard]] bool add_up() const { return claimed == published + retried + dead + released; }
};
[[nodiscard]] OnceCounts once_counts(const std::string& standard_output);

/// Waits until a daemon that was started with HTTP port 0 has logged its port.
[[nodiscard]] std::uint16_t http_port(const Child& outboxd);

/// How many times `part` occurs in `text`.
[[nodiscard]] std::size_t occurrences(std::string_view text, std::string_view part);

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace outboxd::test
