// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/watch_thread.hpp"

#include "outbox_store/backlog.hpp"

namespace outboxd::outbox_store {

using outbox_table::Driver;
using postgres::Connection;
using postgres::Statements;

namespace {

// Not every change makes a statement fail: another table may have taken this name, with other rows in the same
// places.
constexpr std::chrono::seconds kInspectAgain{5};

}  // namespace

Watch::Result WatchThread::scan(Statements& statements, Connection& connection, const Watch::Request& request,
                                const Watch::Claimed& claimed) {
  return table_.drive(statements, connection, [&](const Driver& driver) {
    auto result = watch_.scan(statements, driver.layout, request, claimed);
    result.scan.workers.reconnected_at = connection.reopened_at();
    return result;
  });
}

std::optional<Overlooked> WatchThread::end_leases(Statements& statements, Connection& connection,
                                                  const std::vector<std::string>& workers,
                                                  const Watch::Claimed& claimed) {
  return table_.drive(statements, connection, [&](const Driver& driver) {
    return Watch::end_leases(statements, driver.layout, workers, claimed);
  });
}

std::vector<std::string> WatchThread::poison_candidates(Statements& statements, Connection& connection,
                                                        const std::string& due_by) {
  return table_.drive(statements, connection, [&](const Driver& driver) {
    std::vector<std::string> ids;
    for (const auto& line : postgres::exec(statements, driver.layout.poison_candidates, postgres::or_null(due_by))) {
      ids.push_back(postgres::text_of(line[0]));
    }
    return ids;
  });
}

dispatch::BacklogSample WatchThread::sample(Statements& statements, Connection& connection,
                                            const std::string& due_by) {
  const auto now = std::chrono::steady_clock::now();
  if (now - inspected_at_ >= kInspectAgain) {
    inspected_at_ = now;
    table_.table().inspect(statements);
  }
  return table_.drive(statements, connection, [&](const Driver& driver) {
    auto sample = count_backlog(statements, driver.layout, due_by);
    locked_rows_.add_to(sample, statements, driver.layout);
    return sample;
  });
}

}  // namespace outboxd::outbox_store
