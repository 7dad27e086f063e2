// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/outbox_table.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::test {

/// A new database of the shared Postgres with the Coordinator's `caracal_outbox`, created as the contract describes
/// it, not by our migrations.
[[nodiscard]] Database caracal_database();

/// The same table in a database of any other server.
void create_caracal_table(const Database& database);

/// One row as the Coordinator inserts it, by plain SQL; its dedupe_key is "key-" and its id.
void insert_caracal_row(const Database& database, const std::string& id, const std::string& topic,
                        const std::string& payload_json);

/// Inserts `count` rows in one statement. Their ids are `prefix` and a number of six digits, their payloads
/// {"n":number}; each is created one microsecond after the one before, and due now.
void insert_caracal_rows(const Database& database, const std::string& prefix, const std::string& topic, int count);

/// Counts the rows for which `condition` (SQL) holds.
[[nodiscard]] std::int64_t count_caracal_rows(const Database& database, const std::string& condition = "true");

/// A daemon's arguments for that table, with the Coordinator's tuning: `words` and the arguments for the layout.
[[nodiscard]] std::vector<std::string> for_caracal_table(std::vector<std::string> words);

}  // namespace outboxd::test
