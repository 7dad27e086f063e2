// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/in_process.hpp"
#include "support/database.hpp"
#include "support/fault_proxy.hpp"
#include "support/full_disk.hpp"
#include "support/private_postgres.hpp"
#include "support/private_redis.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace outboxd::faults {

using std::chrono::milliseconds;
using Phase = test::FaultProxy::Phase;
using Then = test::FaultProxy::Then;

/// The rows of one claim, and the number of batches that one dispatcher may have in flight: one each being claimed,
/// waiting, being published, waiting and being settled.
inline constexpr std::int64_t kBatchRows = 32;
inline constexpr std::int64_t kBatchesInFlight = 5;

/// The rows that are inserted at once before each fault: twenty batches, enough to keep claims, writes and
/// settlements busy at the same time.
inline constexpr int kBurstRows = 640;

struct WorldOptions {
  std::string profile = "api";
  int daemons = 1;
  std::string lease = "3s";
  /// Flags in which the last daemon differs.
  std::map<std::string, std::string> flags_of_last{};
  /// Redis writes a snapshot when it stops instead of an append-only file, so that it can be started with commands
  /// renamed that the file would contain.
  bool redis_snapshots = false;
  /// Postgres' files with this in their paths are on a disk that can be filled; empty: there is no such disk.
  std::string small_disk_for{};
  /// A second Postgres follows the first, and a service's commit is answered only when both have it. The daemons know
  /// both by one URL, and use the one that accepts writes.
  bool standby = false;
  /// A service's in-process dispatcher works on the same table.
  bool in_process = false;
  std::uint32_t seed = 1;
};

/// A moment in the life of a batch, as one of the proxies sees it.
struct Step {
  const char* name;
  bool is_redis;
  /// A text that only this kind of request contains: the beginning of its prepared statements' names.
  const char* text;
  Phase phase;
};

inline constexpr Step kClaimAsked{"claim not yet there", false, "outboxd_claim_", Phase::asked};
inline constexpr Step kClaimDone{"claim done, not answered", false, "outboxd_claim_", Phase::done};
inline constexpr Step kClaimAnswered{"claim answered", false, "outboxd_claim_", Phase::answered};
inline constexpr Step kPublishAsked{"publish not yet there", true, "MAXLEN", Phase::asked};
inline constexpr Step kPublishDone{"publish done, not answered", true, "MAXLEN", Phase::done};
inline constexpr Step kPublishAnswered{"publish answered", true, "MAXLEN", Phase::answered};
inline constexpr Step kSettleAsked{"settle not yet there", false, "outboxd_settle_", Phase::asked};
inline constexpr Step kSettleDone{"settle done, not answered", false, "outboxd_settle_", Phase::done};
inline constexpr Step kSettleAnswered{"settle answered", false, "outboxd_settle_", Phase::answered};

/// The fate of the held bytes when the server dies: its answer, if there was one, is lost with it.
[[nodiscard]] inline Then unanswered(const Step& step) {
  return step.phase == Phase::done ? Then::cut : Then::pass;
}

/// One Postgres, and the daemons' way to it.
struct PostgresNode {
  PostgresNode(test::PostgresOptions options, std::uint32_t seed)
      : server(std::move(options)), way(server.port(), seed) {}

  test::PrivatePostgres server;
  test::FaultProxy way;
};

/// The environment of one row of the matrix: both servers, a proxy before each, the table, and running daemons with
/// short time-outs. The daemons log in as an ordinary role of Postgres and a user of Redis, both named relay.
class World {
 public:
  explicit World(const WorldOptions& options);

  /// To be called before each fault: creates a standby again, if the case needs one.
  void get_ready();

  [[nodiscard]] const std::vector<std::string>& streams() const { return streams_; }
  /// The number of entries in all streams, or in one.
  [[nodiscard]] std::int64_t entries() const;
  [[nodiscard]] std::int64_t entries_of(const std::string& stream) const;
  /// Waits until the stream has grown; throws if it doesn't.
  void expect_flow(const std::string& stream) const;

  /// Pauses the traffic at the step's next occurrence; go_on() continues it.
  void stop_at(const Step& step);
  void go_on(const Step& step, Then then = Then::pass);
  /// Waits for a random short time, so that the fault comes at any moment.
  void any_moment();
  /// Waits for the duration of the fault.
  static void lasts(milliseconds time);

  void start_daemon(std::size_t number);
  void kill_daemon(std::size_t number) { daemons_.at(number)->signal(SIGKILL); }
  [[nodiscard]] test::Child& daemon(std::size_t number) { return *daemons_.at(number); }
  [[nodiscard]] std::size_t daemons() const { return daemons_.size(); }
  /// Stops the in-process dispatcher, if there is one. Returns the error that ended it before, or "".
  std::string stop_in_process() { return in_process_ ? in_process_->stop() : ""; }

  /// Inserts this many rows at once, so that batches are full and follow each other closely. Returns their ids.
  [[nodiscard]] std::vector<std::string> burst(int rows);

  /// A new prefix for ids, different from all others of this world.
  [[nodiscard]] std::string new_prefix(const std::string& name) { return name + std::to_string(++prefixes_) + "-"; }
  /// Expects this row to end dead, unpublished, and with this text in its last_error.
  void expect_dead(const std::string& id, const std::string& reason) { poison_[id] = reason; }
  /// Waits until all rows of expect_dead() are dead.
  void await_expected_deaths() const;
  /// The rows of expect_dead() and their reasons.
  [[nodiscard]] const std::map<std::string, std::string>& poison() const { return poison_; }

  /// Runs SQL as superuser, without the proxy.
  void admin(const std::string& sql) const { database().exec(sql); }
  /// Promotes the standby; from now on all functions here refer to it.
  void fail_over();
  /// Forwards all bytes that a step holds back.
  void let_go();

  /// Ends the daemons' sessions in Postgres.
  void end_sessions() const;
  /// Sends a command to Redis without the proxy; throws if Redis answers with an error.
  void redis_command(const std::vector<std::string>& command) const;
  /// Stops Redis with a snapshot, and starts it with these further lines of redis.conf. Returns when it has loaded
  /// the snapshot, for which it may take `loads_for` and half a minute.
  void restart_redis_with(const std::string& config, milliseconds loads_for = milliseconds{0});

  /// The primary.
  [[nodiscard]] test::PrivatePostgres& postgres() { return nodes_.at(primary_)->server; }
  /// The logs of all Postgres servers.
  [[nodiscard]] std::string postgres_log() const;
  [[nodiscard]] const test::FullDisk& small_disk() const { return small_disk_; }
  [[nodiscard]] test::PrivateRedis& redis() { return redis_; }
  [[nodiscard]] test::FaultProxy& to_postgres() { return nodes_.at(primary_)->way; }
  [[nodiscard]] test::FaultProxy& to_redis() { return to_redis_; }
  /// The database on the primary, without the proxy. May be called from any thread.
  [[nodiscard]] test::Database database() const { return nodes_.at(primary_)->server.database(database_); }

 private:
  [[nodiscard]] PostgresNode& other_node() { return *nodes_.at(1 - primary_); }
  [[nodiscard]] std::string postgres_url() const;

  WorldOptions options_;
  std::mt19937 random_;
  std::vector<std::string> streams_{"faults.a", "faults.b", "faults.c", "faults.d"};
  test::TempDir extras_;
  test::FullDisk small_disk_;
  std::vector<std::unique_ptr<PostgresNode>> nodes_;
  std::atomic<std::size_t> primary_ = 0;
  test::PrivateRedis redis_;
  std::string database_;
  test::FaultProxy to_redis_;
  std::vector<std::unique_ptr<test::Child>> daemons_;
  std::unique_ptr<InProcess> in_process_;
  int prefixes_ = 0;
  std::map<std::string, std::string> poison_;
};

}  // namespace outboxd::faults
