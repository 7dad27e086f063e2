// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/claim_thread.hpp"

#include "outbox_store/worker_name.hpp"
#include "outbox_table/stream_index.hpp"

#include <utility>

namespace outboxd::outbox_store {

using outbox_table::Driver;
using outbox_table::TableReport;
using postgres::Connection;
using postgres::Statements;

template <class T>
ClaimThread::Told<T> ClaimThread::with_warnings(T value) {
  return {std::move(value), std::exchange(warnings_, {})};
}

void ClaimThread::warn(std::string warning) {
  if (!warning.empty()) warnings_.push_back(std::move(warning));
}

void ClaimThread::keep_a_name(Statements& statements, const Connection& connection) {
  warn(table_.keep_a_name(statements, connection));
}

ClaimThread::Told<TableReport> ClaimThread::inspect(Statements& statements, Connection& connection) {
  auto& table = table_.table();
  if (connection.is_pooled()) go_without_lock(table);
  auto found = table.inspect(statements);
  if (found.problems.empty()) {
    const bool would_serve = table.shape().has_lease_columns() && takes_few_streams(table.driver()->terms);
    if (would_serve && !found.has_stream_index) {
      found.warnings.push_back(advice_on_stream_index(table.shape(), found.table));
    }
    keep_a_name(statements, connection);
  } else {
    // By then another login may have been read, or the role's settings may have changed.
    connection.reopen();
  }
  return with_warnings(std::move(found));
}

ClaimThread::Told<ClaimThread::Claimed> ClaimThread::claim(Statements& statements, Connection& connection,
                                                           const dispatch::ClaimRequest& request,
                                                           Overlooked overlooked) {
  // Earlier notifications are stale: this claim sees those rows itself.
  connection.forget_notifications();
  // Another server may have another clock, and its rows may lie anywhere.
  const auto before = std::exchange(claimed_on_, connection.number());
  const bool is_another = before != connection.number();
  if (is_another) claims_.forget_the_mark();
  claims_.hand_over(std::move(overlooked));
  keep_a_name(statements, connection);
  Claimed claimed;
  claimed.rows = table_.drive(
      statements, connection,
      [&](const Driver& driver) {
        return claims_.claim(statements, driver.layout, driver.terms, request, table_.table().name());
      },
      [](const dispatch::ClaimedRows& rows) { return rows.rows.empty() && all_of_names_and_types(rows.refused); });
  claimed.rows.reconnected = before != 0 && is_another;
  if (claims_.wants_new_connection()) connection.reopen();
  claimed.mark = claims_.mark();
  return with_warnings(std::move(claimed));
}

ClaimThread::Told<dispatch::WakeUps> ClaimThread::arm_wake_ups(Statements& statements, Connection& connection) {
  // Behind a pooler LISTEN would take effect in a session that another client uses the next moment.
  if (connection.is_pooled()) return with_warnings(dispatch::WakeUps::none);
  commits_.watch(table_.table().driver()->terms.table);
  const auto answer = commits_.arm(statements, connection.number());
  warn(commits_.take_notice());
  if (answer != dispatch::WakeUps::none) connection.listen();
  return with_warnings(answer);
}

void ClaimThread::disarm_wake_ups(Statements& statements, Connection& connection) {
  commits_.disarm(statements, connection.number());
}

}  // namespace outboxd::outbox_store
