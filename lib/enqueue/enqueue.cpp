// SPDX-License-Identifier: Apache-2.0
#include "enqueue/enqueue.hpp"

#include "enqueue/uuid7.hpp"
#include "entry/encoder.hpp"
#include "postgres/array_literal.hpp"
#include "postgres/identifier.hpp"
#include "postgres/plain_settings.hpp"
#include "postgres/pqxx_compat.hpp"
#include "postgres/search_path.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace outboxd::enqueue {

using postgres::array_literal;
using postgres::exec;
using postgres::keep_to_catalog_sql;
using postgres::kNamedTable;
using postgres::plain_settings_sql;
using postgres::quote_name;
using postgres::quote_table;
using postgres::sqlstate_of;
using postgres::text_of;
using postgres::whole_message_of;

namespace {

constexpr std::size_t kRowsPerStatement = 500;
constexpr std::size_t kPayloadBytesPerStatement = std::size_t{4} << 20U;

std::string name_of(const Event& event, std::size_t index) {
  return event.origin.empty() ? "event " + std::to_string(index + 1) : event.origin;
}

void refuse_unusable(const std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    if (event.stream.find('\0') != std::string::npos || event.payload_json.find('\0') != std::string::npos) {
      throw EnqueueError(name_of(event, i) + ": holds a NUL byte, which Postgres can't store: remove it");
    }
    // Such a row would be dead as soon as it is claimed.
    const auto refusal = entry::stream_refusal(event.stream);
    if (!refusal.empty()) throw EnqueueError(name_of(event, i) + ": " + refusal);
  }
}

/// How many events from the front of `left` fit into one statement; at least one.
std::size_t statement_size(std::span<const Event> left) {
  std::size_t rows = 0;
  std::size_t bytes = 0;
  while (rows < left.size() && rows < kRowsPerStatement) {
    bytes += left[rows].payload_json.size();
    if (rows > 0 && bytes > kPayloadBytesPerStatement) break;
    ++rows;
  }
  return rows;
}

/// The table with its schema, as quoted SQL. The rest of the transaction runs with the role's own search_path. The
/// INSERT below qualifies all functions with their schema, except unnest with several arguments, which isn't looked
/// up by name.
std::string find_table(pqxx::transaction_base& transaction, const std::string& quoted_table) {
  exec(transaction, keep_to_catalog_sql(true) + plain_settings_sql(true));
  const auto found = exec(transaction,
                          std::string{kNamedTable} +
                              " SELECT n.nspname, c.relname FROM named JOIN pg_class AS c ON c.oid = named.oid"
                              " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't'",
                          quoted_table);
  if (found.empty()) {
    throw EnqueueError("could not write to " + quoted_table + ": relation " + quoted_table +
                       " does not exist: create it with outboxd migrate, or name another table");
  }
  exec(transaction,
       "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('outboxd.search_path'), true)");
  return quote_name(text_of(found[0][0])) + "." + quote_name(text_of(found[0][1]));
}

void insert_batch(pqxx::transaction_base& transaction, const std::string& table, std::span<const Event> batch,
                  std::vector<std::string>& ids) {
  std::vector<std::string> batch_ids;
  std::vector<std::string> streams;
  std::vector<std::string> payloads;
  for (const auto& event : batch) {
    batch_ids.push_back(new_uuid7());
    streams.push_back(event.stream);
    payloads.push_back(event.payload_json);
  }
  exec(transaction,
       "INSERT INTO " + table +
           " (id, stream_name, payload_json) SELECT id, stream, payload::pg_catalog.jsonb"
           " FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[])"
           " AS event (id, stream, payload)",
       array_literal(batch_ids), array_literal(streams), array_literal(payloads));
  ids.insert(ids.end(), batch_ids.begin(), batch_ids.end());
}

/// Finds the event whose payload Postgres refuses: as Postgres names no row when a cast fails, each is tried by
/// itself.
std::optional<std::string> blame(pqxx::connection& connection, const std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    try {
      pqxx::work transaction(connection);
      exec(transaction, "SELECT $1::pg_catalog.jsonb", events[i].payload_json);
    } catch (const pqxx::broken_connection&) {
      throw;
    } catch (const pqxx::failure& error) {
      return name_of(events[i], i) + ": Postgres refuses the payload: " + whole_message_of(error) +
             ": nothing was written; put that payload right";
    }
  }
  return std::nullopt;
}

bool is_data_error(const std::exception& error) {
  const auto sqlstate = sqlstate_of(error);
  return sqlstate.starts_with("22") || sqlstate.starts_with("54");
}

std::string remedy_for(const std::exception& error) {
  const auto sqlstate = sqlstate_of(error);
  if (sqlstate == "42501") return "grant the role INSERT on the table";
  if (sqlstate == "42703") return "the table needs the columns of event_outbox";
  return "nothing was written";
}

}  // namespace

std::vector<std::string> insert_events(pqxx::connection& connection, std::string_view table,
                                       const std::vector<Event>& events) {
  const auto quoted_table = quote_table(table);
  refuse_unusable(events);
  std::vector<std::string> ids;
  ids.reserve(events.size());
  try {
    pqxx::work transaction(connection);
    const auto table_found = find_table(transaction, quoted_table);
    for (std::span<const Event> left(events); !left.empty();) {
      const auto rows = statement_size(left);
      insert_batch(transaction, table_found, left.first(rows), ids);
      left = left.subspan(rows);
    }
    transaction.commit();
    return ids;
  } catch (const pqxx::broken_connection&) {
    throw;
  } catch (const pqxx::in_doubt_error&) {
    throw;
  } catch (const pqxx::failure& error) {
    if (is_data_error(error)) {
      if (const auto culprit = blame(connection, events)) throw EnqueueError(*culprit);
    }
    throw EnqueueError("could not write to " + quoted_table + ": " + whole_message_of(error) + ": " +
                       remedy_for(error));
  }
}

}  // namespace outboxd::enqueue
