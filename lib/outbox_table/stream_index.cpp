// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/stream_index.hpp"

namespace outboxd::outbox_table {

using postgres::exec;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr const char* kFind = R"sql(
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_attribute AS stream ON stream.attrelid = i.indrelid AND stream.attnum = i.indkey[0]
    JOIN pg_catalog.pg_attribute AS due ON due.attrelid = i.indrelid AND due.attnum = i.indkey[1]
   WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indnkeyatts >= 2
     AND stream.attname = $2::name AND due.attname = $3::name))sql";

}  // namespace

bool has_stream_index(Statements& statements, const std::string& oid, const TableShape& shape) {
  if (!shape.has_lease_columns()) return false;
  return text_of(exec(statements, kFind, oid, shape.stream, shape.available_at)[0][0]) == "t";
}

std::string advice_on_stream_index(const TableShape& shape, const std::string& table) {
  return table + " has no index on (" + shape.stream + ", " + shape.available_at +
         "): each start steps over the rows of all other streams, and so do rows that come late; " +
         (shape.name == "event_outbox" ? "`outboxd migrate --stream-index` makes one, beside writers"
                                       : "CREATE INDEX CONCURRENTLY one, for rows that are not published");
}

}  // namespace outboxd::outbox_table
