// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/database.hpp"
#include "support/fault_proxy.hpp"
#include "support/full_disk.hpp"
#include "support/private_postgres.hpp"
#include "support/private_redis.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace outboxd::faults {

using std::chrono::milliseconds;
using Phase = test::FaultProxy::Phase;
using Then = test::FaultProxy::Then;

/// Rows that one claim takes, and how many batches one dispatcher may have in hand: one each being claimed, waiting,
/// being published, waiting and being settled.
inline constexpr std::int64_t kBatchRows = 32;
inline constexpr std::int64_t kBatchesInHand = 5;

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
  std::uint32_t seed = 1;
};

/// A moment in the way of a batch, seen by one of the proxies.
struct Step {
  const char* name;
  bool is_redis;
  /// What only this kind of request holds.
  const char* text;
  Phase phase;
};

inline constexpr Step kClaimAsked{"claim not yet there", false, "SKIP LOCKED", Phase::asked};
inline constexpr Step kClaimDone{"claim done, not answered", false, "SKIP LOCKED", Phase::done};
inline constexpr Step kClaimAnswered{"claim answered", false, "SKIP LOCKED", Phase::answered};
inline constexpr Step kPublishAsked{"publish not yet there", true, "MAXLEN", Phase::asked};
inline constexpr Step kPublishDone{"publish done, not answered", true, "MAXLEN", Phase::done};
inline constexpr Step kPublishAnswered{"publish answered", true, "MAXLEN", Phase::answered};
inline constexpr Step kSettleAsked{"settle not yet there", false, "dispatched_at = ", Phase::asked};
inline constexpr Step kSettleDone{"settle done, not answered", false, "dispatched_at = ", Phase::done};
inline constexpr Step kSettleAnswered{"settle answered", false, "dispatched_at = ", Phase::answered};

/// What becomes of the bytes that are held when the server dies: its answer, if there was one, is lost with it.
[[nodiscard]] inline Then unanswered(const Step& step) {
  return step.phase == Phase::done ? Then::cut : Then::pass;
}

/// Everything that one row of the matrix needs: both servers, a proxy before each, the table, and running daemons
/// with short time-outs. The daemons are an ordinary role of Postgres and a user of Redis, both named relay.
class World {
 public:
  explicit World(const WorldOptions& options);

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

  /// Inserts so many rows at once, so that batches are full and follow each other closely. Returns their ids.
  [[nodiscard]] std::vector<std::string> burst(int rows);

  /// The beginning of ids that nothing else in this world has.
  [[nodiscard]] std::string new_prefix(const std::string& name) { return name + std::to_string(++prefixes_) + "-"; }
  /// This row has to end as dead, unpublished, and with this in its last_error.
  void expect_dead(const std::string& id, const std::string& reason) { poison_[id] = reason; }
  /// Those, and their reasons.
  [[nodiscard]] const std::map<std::string, std::string>& poison() const { return poison_; }

  /// As superuser, past the proxy.
  void admin(const std::string& sql) const { database_.exec(sql); }
  /// Ends the daemons' sessions in Postgres.
  void end_sessions() const;
  /// Past the proxy; throws when Redis answers with an error.
  void redis_command(const std::vector<std::string>& command) const;
  /// Ends Redis in order with a snapshot, and starts it with these further lines of redis.conf.
  void restart_redis_with(const std::string& config);

  [[nodiscard]] test::PrivatePostgres& postgres() { return postgres_; }
  [[nodiscard]] const test::FullDisk& small_disk() const { return small_disk_; }
  [[nodiscard]] test::PrivateRedis& redis() { return redis_; }
  [[nodiscard]] test::FaultProxy& to_postgres() { return to_postgres_; }
  [[nodiscard]] test::FaultProxy& to_redis() { return to_redis_; }
  [[nodiscard]] const test::Database& database() const { return database_; }

 private:
  WorldOptions options_;
  std::mt19937 random_;
  std::vector<std::string> streams_{"faults.a", "faults.b", "faults.c", "faults.d"};
  test::TempDir extras_;
  test::FullDisk small_disk_;
  test::PrivatePostgres postgres_;
  test::PrivateRedis redis_;
  test::Database database_;
  test::FaultProxy to_postgres_;
  test::FaultProxy to_redis_;
  std::vector<std::unique_ptr<test::Child>> daemons_;
  int prefixes_ = 0;
  std::map<std::string, std::string> poison_;
};

}  // namespace outboxd::faults
