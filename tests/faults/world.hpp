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

/// Rows that one claim takes, and how many batches one dispatcher may have in hand: one each being claimed, waiting,
/// being published, waiting and being settled.
inline constexpr std::int64_t kBatchRows = 32;
inline constexpr std::int64_t kBatchesInHand = 5;

/// Rows that come at once before each harm: twenty batches, enough to keep claims, writes and settlements busy at the
/// same time.
inline constexpr int kBurstRows = 640;

struct WorldOptions {
  std::string profile = "api";
  int daemons = 1;
  std::string lease = "3s";
  /// What the last daemon has instead, by flag.
  std::map<std::string, std::string> flags_of_last{};
  /// Redis keeps a snapshot at its orderly end instead of an append-only file, so that it can be started with other
  /// commands than the file has.
  bool redis_snapshots = false;
  /// Postgres' files with this in their path are on a disk that can be filled; empty: there is none.
  std::string small_disk_for{};
  /// A second Postgres follows the first, and no commit of a service's is answered that it hasn't got as well. The
  /// daemons know both by one URL, and want the one that takes writes.
  bool standby = false;
  /// A service's own dispatcher works on the same table.
  bool in_process = false;
  std::uint32_t seed = 1;
};

/// A moment in the way of a batch, seen by one of the proxies.
struct Step {
  const char* name;
  bool is_redis;
  /// What only this kind of request holds: the beginning of its prepared statements' names.
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

/// What becomes of the bytes that are held when the server dies: its answer, if there was one, is lost with it.
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

/// Everything that one row of the matrix needs: both servers, a proxy before each, the table, and running daemons
/// with short time-outs. The daemons are an ordinary role of Postgres and a user of Redis, both named relay.
class World {
 public:
  explicit World(const WorldOptions& options);

  /// To be called before each harm: where a standby belongs to the world, there is one again.
  void get_ready();

  [[nodiscard]] const std::vector<std::string>& streams() const { return streams_; }
  /// Entries in all streams, or in one.
  [[nodiscard]] std::int64_t entries() const;
  [[nodiscard]] std::int64_t entries_of(const std::string& stream) const;
  /// Waits until the stream has grown; throws when it doesn't.
  void expect_flow(const std::string& stream) const;

  /// Stops the world at the step's next occurrence; go_on() lets it continue.
  void stop_at(const Step& step);
  void go_on(const Step& step, Then then = Then::pass);
  /// Lets a random short time pass: any moment is as good as another.
  void any_moment();
  /// The fault lasts so long.
  static void lasts(milliseconds time);

  void start_daemon(std::size_t number);
  void kill_daemon(std::size_t number) { daemons_.at(number)->signal(SIGKILL); }
  [[nodiscard]] test::Child& daemon(std::size_t number) { return *daemons_.at(number); }
  [[nodiscard]] std::size_t daemons() const { return daemons_.size(); }
  /// Ends the service's own dispatcher, if there is one. Returns what ended it before; empty if nothing did.
  std::string stop_in_process() { return in_process_ ? in_process_->stop() : ""; }

  /// Inserts so many rows at once, so that batches are full and follow each other closely. Returns their ids.
  [[nodiscard]] std::vector<std::string> burst(int rows);

  /// The beginning of ids that nothing else in this world has.
  [[nodiscard]] std::string new_prefix(const std::string& name) { return name + std::to_string(++prefixes_) + "-"; }
  /// This row has to end as dead, unpublished, and with this in its last_error.
  void expect_dead(const std::string& id, const std::string& reason) { poison_[id] = reason; }
  /// Waits until all of those have.
  void await_expected_deaths() const;
  /// Those, and their reasons.
  [[nodiscard]] const std::map<std::string, std::string>& poison() const { return poison_; }

  /// As superuser, past the proxy.
  void admin(const std::string& sql) const { database().exec(sql); }
  /// Makes the standby the primary; all that is said of Postgres here is about it from now on.
  void fail_over();
  /// Lets everything through that a step holds back.
  void let_go();

  /// Ends the daemons' sessions in Postgres.
  void end_sessions() const;
  /// Past the proxy; throws when Redis answers with an error.
  void redis_command(const std::vector<std::string>& command) const;
  /// Ends Redis in order with a snapshot, and starts it with these further lines of redis.conf. Returns when it has
  /// loaded the snapshot, for which it may take `loads_for` and half a minute.
  void restart_redis_with(const std::string& config, milliseconds loads_for = milliseconds{0});

  /// The primary.
  [[nodiscard]] test::PrivatePostgres& postgres() { return nodes_.at(primary_)->server; }
  /// Of all Postgres that there are.
  [[nodiscard]] std::string postgres_log() const;
  [[nodiscard]] const test::FullDisk& small_disk() const { return small_disk_; }
  [[nodiscard]] test::PrivateRedis& redis() { return redis_; }
  [[nodiscard]] test::FaultProxy& to_postgres() { return nodes_.at(primary_)->way; }
  [[nodiscard]] test::FaultProxy& to_redis() { return to_redis_; }
  /// On the primary, past the proxy. May be called from any thread.
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
