// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/claims.hpp"
#include "postgres/commit_watch.hpp"
#include "postgres/inspect.hpp"
#include "postgres/layout.hpp"
#include "postgres/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

struct RowStoreOptions {
  SessionOptions session;
  /// As people write it: `event_outbox` or `schema.table`.
  std::string table;
  TableShape shape = event_outbox_shape();
  /// What its SQL holds; the table's own part of it is found by looking.
  LayoutTerms terms{};
  /// The longest time between two claims, as far as nothing goes wrong.
  std::chrono::milliseconds poll_interval{250};
};

/// An outbox table in Postgres. Three sessions, so that a claim and a settlement run at the same time, and neither
/// waits for counting.
class RowStore final : public dispatch::RowStore {
 public:
  /// Throws std::invalid_argument for a table name that can't be one.
  explicit RowStore(const RowStoreOptions& options);

  /// Checks the table and this role's rights, and learns how to drive it. To be called before anything else.
  dispatch::Awaitable<dispatch::StoreResult<TableReport>> inspect();

  dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> claim(dispatch::ClaimRequest request) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> settle(
      const dispatch::Settlement& settlement) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::LookOut>> look_out(int sightings, std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> suspects(std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> sample(std::string due_by) override;
  dispatch::Awaitable<dispatch::WakeUps> arm_wake_ups() override;
  dispatch::Awaitable<void> disarm_wake_ups() override;
  dispatch::Awaitable<void> ring_for_rows(std::function<void()> ring) override;
  void stop_ringing() override { claim_session_.stop_ringing(); }

 private:
  /// On the watch thread.
  dispatch::LookOut look_out(Statements& statements, int sightings, const std::string& due_by);

  TableShape shape_;
  /// The table as quoted SQL, as it was configured.
  std::string name_;
  LayoutTerms terms_;
  Layout layout_;
  /// Touched on the claim thread alone.
  Claims claims_;
  /// Touched on the claim thread alone.
  CommitWatch commits_;
  /// Workers whose sessions were gone when last looked for, and how often in a row. Touched on the watch thread
  /// alone.
  std::map<std::string, int> missing_;
  std::chrono::steady_clock::time_point looked_out_at_{};
  Session claim_session_;
  Session settle_session_;
  Session watch_session_;
};

}  // namespace outboxd::postgres
