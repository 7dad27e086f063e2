// SPDX-License-Identifier: Apache-2.0
#include "postgres/stream_index.hpp"

#include "postgres/identifier.hpp"

namespace outboxd::postgres {
namespace {

constexpr const char* kFind = R"sql(
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS stream ON stream.attrelid = i.indrelid AND stream.attnum = i.indkey[0]
    JOIN pg_catalog.pg_attribute AS due ON due.attrelid = i.indrelid AND due.attnum = i.indkey[1]
   WHERE i.indrelid = pg_catalog.to_regclass($1)::oid AND i.indisvalid AND i.indnkeyatts >= 2
     AND stream.attname = $2::name AND due.attname = $3::name))sql";

}  // namespace

std::string advice_on_stream_index(Statements& statements, const TableShape& shape,
                                   const std::vector<std::string>& streams, const std::string& table) {
  // Of several streams the rows due first can't be read off one index, and other leases than columns change it.
  if (streams.size() != 1 || !shape.has_lease_columns()) return {};
  if (text_of(exec(statements, kFind, table, shape.stream, shape.available_at)[0][0]) == "t") return {};
  return table + " has no index on (" + shape.stream + ", " + shape.available_at +
         "): each start steps over the rows of all other streams, and so do rows that come late; " +
         (shape.name == "event_outbox" ? "`outboxd migrate --stream-index` makes one, beside writers"
                                       : "CREATE INDEX CONCURRENTLY one, for rows that are not published");
}

}  // namespace outboxd::postgres
