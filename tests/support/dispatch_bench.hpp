// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/dispatcher.hpp"
#include "simulation/sim_table.hpp"
#include "simulation/virtual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::dispatch {

using namespace std::chrono_literals;

struct FakeStore final : RowSource, OutcomeSink, Housekeeping, CommitNotifier, BacklogProbe {
  explicit FakeStore(VirtualClock& clock) : clock_{clock} {}

  Awaitable<StoreResult<ClaimedRows>> claim(ClaimRequest request) override {
    ++claims;
    missed_commit_ = false;
    if (on_claim) on_claim();
    if (!failure.empty()) co_return StoreError{failure, unreachable};
    ClaimedRows refused;
    const auto passed = refuses_claims ? all_but(first_not_refused(request, refused)) : passed_over(request);
    auto claimed = table.claim("w", request.limit, clock_.now(), 30s, TimePoint::max(), passed);
    claimed.refusal = refused.refusal;
    most_left_out = std::max(most_left_out, request.except_streams.size());
    claimed.lease_ends = clock_.now() + lease;
    claimed.claimed_at = "now";
    claimed.any_due = any_due;
    claimed.refused = std::exchange(refused_at_claim, {});
    std::ranges::move(refused.refused, std::back_inserter(claimed.refused));
    due_by.push_back(request.due_by);
    if (after_claim) after_claim();
    if (row_takes > 0ms) {
      AutoResetEvent event{co_await boost::asio::this_coro::executor};
      co_await clock_.wait(event, clock_.now() + static_cast<int>(claimed.rows.size()) * row_takes);
    }
    co_return claimed;
  }
  Awaitable<StoreResult<Settled>> settle(const Settlement& settlement) override {
    ++settlements;
    if (settle_failures > 0) {
      --settle_failures;
      if (settle_failures_have_effect) table.settle("w", settlement, clock_.now());
      co_return StoreError{"settling fails", unreachable};
    }
    Settled settled;
    auto written = settlement;
    std::erase_if(written.outcomes, [&](const Outcome& outcome) { return locked.contains(outcome.id); });
    for (const auto& outcome : settlement.outcomes) {
      if (locked.contains(outcome.id)) settled.refused.push_back({outcome.id, "locked"});
    }
    if (!refuses_settlements.empty()) {
      settled.refusal = "settling: " + refuses_settlements;
      for (const auto& outcome : std::exchange(written.outcomes, {})) {
        settled.refused.push_back({outcome.id, "refused", false, refuses_settlements});
      }
    }
    settled.written = table.settle("w", written, clock_.now());
    for (const auto& outcome : written.outcomes) {
      if (outcome.verdict != Verdict::published) continue;
      if (undoes && undoes(outcome.id)) {
        --settled.written;
        settled.undone.push_back({outcome.id, "undone", false, "undone"});
        table.undo(outcome.id, false);
      } else if (undoes_later && undoes_later(outcome.id)) {
        table.undo(outcome.id, false);
      }
    }
    co_return settled;
  }
  Awaitable<StoreResult<LeaseScan>> scan(std::vector<std::string> /*known*/, std::string /*due_by*/) override {
    ++scans;
    LeaseScan scan;
    scan.poison_candidates = table.poison_candidates(clock_.now(), kMostAttempts);
    co_return scan;
  }
  Awaitable<StoreResult<bool>> end_leases_of(std::vector<std::string> /*workers*/) override { co_return true; }
  Awaitable<StoreResult<std::vector<std::string>>> poison_candidates(std::string /*due_by*/) override {
    co_return table.poison_candidates(clock_.now(), kMostAttempts);
  }
  Awaitable<StoreResult<BacklogSample>> sample(std::string /*due_by*/) override {
    if (sample_takes > 0ms) {
      AutoResetEvent event{co_await boost::asio::this_coro::executor};
      co_await clock_.wait(event, clock_.now() + sample_takes);
    }
    if (!sample_failure.empty()) co_return StoreError{sample_failure, true};
    co_return sampled;
  }
  Awaitable<WakeUps> arm_wake_ups() override {
    ++arms;
    armed = wake_ups == WakeUps::armed;
    if (on_arm) on_arm();
    co_return wake_ups;
  }
  Awaitable<void> disarm_wake_ups() override {
    armed = false;
    co_return;
  }
  Awaitable<void> notify_on_commit(std::function<void()> notify) override {
    ++listens;
    if (std::exchange(missed_commit_, false)) {
      notify();
    } else {
      notify_ = std::move(notify);
    }
    co_return;
  }
  void stop_notifying() override { notify_ = nullptr; }

  void requeue(const std::string& id) { table.undo(id, true); }

  /// A commit that notifies the waiting dispatcher.
  void commit() {
    if (!armed) return;
    if (notify_) {
      std::exchange(notify_, nullptr)();
    } else {
      missed_commit_ = true;
    }
  }

  simulation::SimTable table;
  std::chrono::milliseconds lease = 30s;
  /// The duration of a claim for each of its rows.
  std::chrono::milliseconds row_takes = 0ms;
  std::string failure;
  std::function<void()> on_claim;
  std::function<void()> after_claim;
  int settle_failures = 0;
  bool settle_failures_have_effect = false;
  bool unreachable = false;
  /// Rows whose settlement is refused.
  std::set<std::string> locked;
  std::vector<RefusedRow> refused_at_claim;
  /// Why a row can't be claimed; empty: it can.
  std::function<std::string(const std::string&)> refuses_claims;
  /// Why no outcome can be written; empty: outcomes can be written.
  std::string refuses_settlements;
  /// Rows whose settlement is undone by a trigger.
  std::function<bool(const std::string&)> undoes;
  std::function<bool(const std::string&)> undoes_later;
  BacklogSample sampled;
  /// Why the table can't be sampled; empty: it can.
  std::string sample_failure;
  std::chrono::milliseconds sample_takes = 0ms;
  WakeUps wake_ups = WakeUps::none;
  std::function<void()> on_arm;
  bool armed = false;
  int arms = 0;
  bool any_due = true;
  int scans = 0;
  int listens = 0;
  int claims = 0;
  std::size_t most_left_out = 0;
  int settlements = 0;
  std::vector<std::string> due_by;

 private:
  static constexpr std::uint32_t kMostAttempts = 1'000;

  static simulation::SimTable::RowFilter passed_over(const ClaimRequest& request) {
    const std::set<std::string> without(request.without.begin(), request.without.end());
    const std::set<std::string> only(request.only.begin(), request.only.end());
    return [only, without, except_streams = request.except_streams](const simulation::SimRow& row) {
      if (!only.empty()) return !only.contains(row.row.id);
      if (without.contains(row.row.id)) return true;
      return row.is_poison_candidate(kMostAttempts) || std::ranges::binary_search(except_streams, row.row.stream);
    };
  }

  static simulation::SimTable::RowFilter all_but(std::set<std::string> ids) {
    return [ids = std::move(ids)](const simulation::SimRow& row) { return !ids.contains(row.row.id); };
  }

  /// The rows of this claim that are not refused; at most as many rows as the claim asks for are tried.
  std::set<std::string> first_not_refused(const ClaimRequest& request, ClaimedRows& refused) const {
    std::set<std::string> claimed;
    const auto passed = passed_over(request);
    for (const auto& [id, row] : table.rows()) {
      if (claimed.size() + refused.refused.size() >= request.limit) break;
      if (row.done() || row.available_at > clock_.now() || !row.is_free(clock_.now())) continue;
      if (passed(row)) continue;
      const auto cause = refuses_claims(id);
      if (cause.empty()) {
        claimed.insert(id);
        continue;
      }
      refused.refused.push_back({id, "refused", false, cause});
      refused.refusal = "claiming: " + cause;
    }
    return claimed;
  }

  VirtualClock& clock_;
  std::function<void()> notify_;
  /// Since the last claim, a commit has notified while the dispatcher didn't wait.
  bool missed_commit_ = false;
};

struct FakePublisher final : StreamSink {
  Awaitable<void> publish(std::span<Delivery* const> rows, TimePoint /*not_after*/) override {
    writes.emplace_back();
    for (auto* sent : rows) {
      const auto& row = sent->row;
      writes.back().push_back(row.id);
      sent->reply = answer_row ? answer_row(row) : answer(row.id);
      if (sent->reply->fault == Fault::none) published.push_back(row.id);
    }
    if (on_publish) on_publish();
    co_return;
  }
  Awaitable<Reply> probe(std::string stream) override {
    probes.push_back(stream);
    co_return answer_probe ? answer_probe(stream) : probe_reply;
  }

  std::function<Reply(const std::string&)> answer = [](const std::string&) { return Reply{Fault::none, "1-1"}; };
  /// Replaces `answer`, if it is set.
  std::function<Reply(const Row&)> answer_row;
  /// Replaces `probe_reply`, if it is set.
  std::function<Reply(const std::string&)> answer_probe;
  std::function<void()> on_publish;
  Reply probe_reply{Fault::none, {}};
  /// The ids in each write.
  std::vector<std::vector<std::string>> writes;
  std::vector<std::string> published;
  std::vector<std::string> probes;
};

struct HealthWatcher final : Observer {
  void refused_by_store(std::span<const RefusedRow> rows) override {
    for (const auto& row : rows) {
      refused.push_back(row.id);
      why_refused.push_back(row.reason);
    }
  }
  void failed(std::string_view /*stream*/, Fault /*fault*/, std::string_view reason) override {
    why_failed.emplace_back(reason);
  }
  void held_up(std::size_t rows) override { held_up_seen.push_back(rows); }
  void sample_failed(std::string_view reason) override { sample_failures.emplace_back(reason); }
  std::vector<std::size_t> held_up_seen;
  std::vector<std::string> sample_failures;
  void health(Health health, std::string_view reason) override {
    seen.push_back(health);
    reasons.emplace_back(reason);
  }
  void stream_blocked(std::string_view stream, std::string_view /*reason*/, std::size_t /*blocked*/) override {
    blocked.emplace_back(stream);
  }
  void stream_freed(std::string_view stream, std::chrono::nanoseconds /*after*/, std::size_t /*blocked*/) override {
    freed.emplace_back(stream);
  }
  std::vector<std::string> blocked;
  std::vector<std::string> freed;
  void wake_ups(bool there) override { wake_ups_seen.push_back(there); }
  void woken() override { ++times_woken; }
  std::vector<bool> wake_ups_seen;
  int times_woken = 0;
  std::vector<Health> seen;
  std::vector<std::string> reasons;
  std::vector<std::string> refused;
  std::vector<std::string> why_refused;
  std::vector<std::string> why_failed;
};

inline DispatcherParts parts_of(FakeStore& store, FakePublisher& publisher, VirtualClock& clock, Observer& observer) {
  return {.source = store,
          .outcomes = store,
          .streams = publisher,
          .clock = clock,
          .observer = observer,
          .encoder = entry::Encoder{{}, {}},
          .random = [] { return 0.0; },
          .commits = &store,
          .housekeeping = &store,
          .backlog = &store};
}

/// A dispatcher with fakes of all its ports, run until it ends or until some simulated time has passed.
struct Bench {
  explicit Bench(DispatcherOptions options)
      : dispatcher{loop.get_executor(), std::move(options), parts_of(store, publisher, clock, observer)} {}

  static DispatcherOptions daemon() {
    DispatcherOptions options;
    options.retry = {Profile::api, 3};
    return options;
  }
  static DispatcherOptions once() {
    auto options = daemon();
    options.once = true;
    return options;
  }

  void insert_into(const std::string& stream, const std::string& id) {
    store.table.insert({.id = id, .stream = stream, .payload_json = "{}", .dedupe_key = {}}, clock.now());
  }
  void insert(const std::string& id, const std::string& payload = "{}", std::uint32_t attempts_used = 0) {
    store.table.insert({.id = id, .stream = "s", .payload_json = payload, .dedupe_key = {}}, clock.now());
    for (std::uint32_t i = 0; i < attempts_used; ++i) {
      store.table.claim("other", 1, clock.now(), -1s, TimePoint::max(),
                        [&](const simulation::SimRow& other) { return other.row.id != id; });
    }
  }
  const simulation::SimRow& row(const std::string& id) { return store.table.rows().at(id); }

  bool ended = false;

  void run_for(std::chrono::milliseconds time) {
    if (!started_) {
      started_ = true;
      boost::asio::co_spawn(loop, dispatcher.run(), [this](const std::exception_ptr& error) {
        ended = true;
        if (error) std::rethrow_exception(error);
      });
    }
    const auto until = clock.now() + time;
    while (!ended && clock.now() < until) {
      loop.restart();
      loop.poll();
      if (ended) break;
      if (clock.next() > until) {
        clock.jump(until);
      } else {
        clock.advance();
      }
    }
  }
  void end() {
    dispatcher.stop();
    run_for(1h);
    REQUIRE(ended);
  }

  VirtualClock clock;
  boost::asio::io_context loop{1};
  FakeStore store{clock};
  FakePublisher publisher;
  HealthWatcher observer;
  Dispatcher dispatcher;

 private:
  bool started_ = false;
};

inline void check_adds_up(const Tally& tally) {
  CHECK(tally.claimed == tally.published + tally.retried + tally.dead + tally.released);
}

}  // namespace outboxd::dispatch
