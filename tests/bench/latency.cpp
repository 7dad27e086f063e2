// SPDX-License-Identifier: Apache-2.0
// Commit to entry. Writer and consumer are threads of this process, so that there is one clock.
#include "bench/daemon.hpp"
#include "bench/events.hpp"
#include "bench/sections.hpp"
#include "postgres/pqxx_compat.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace outboxd::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRowsPerSecond = 100;
constexpr std::chrono::microseconds kPace{1'000'000 / kRowsPerSecond};

struct Moments {
  Clock::time_point commit_sent;
  Clock::time_point commit_answered;
  std::optional<Clock::time_point> arrived;
};

std::string id_of(std::size_t index) {
  return "event-" + std::to_string(index);
}

/// Waits for entries on a connection of its own and notes when each came.
class Consumer {
 public:
  Consumer(const World& world, std::vector<Moments>& moments)
      : redis_{world.redis().probe()}, moments_{moments}, last_ids_(streams().size(), "0"), thread_{[this] {
          work();
        }} {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Waits, within reason, for all entries that are still to come. Throws what the thread has thrown.
  void finish() {
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (seen_ < moments_.size() && !ended_ && Clock::now() < end) std::this_thread::sleep_for(kPace);
    over_ = true;
    thread_.join();
    if (!failure_.empty()) throw std::runtime_error("the consumer: " + failure_);
    if (seen_ < moments_.size()) throw std::runtime_error("entries did not arrive");
  }

 private:
  void work() {
    try {
      while (!over_) read();
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
    ended_ = true;
  }

  void read() {
    std::vector<std::string> command{"XREAD", "BLOCK", "200", "STREAMS"};
    command.insert(command.end(), streams().begin(), streams().end());
    command.insert(command.end(), last_ids_.begin(), last_ids_.end());
    const auto reply = redis_.send(command);
    const auto now = Clock::now();
    if (reply.is_error()) throw std::runtime_error(reply.text);
    for (const auto& stream : reply.elements) {
      const auto place = std::ranges::find(streams(), stream.elements.at(0).text) - streams().begin();
      for (const auto& entry : stream.elements.at(1).elements) {
        last_ids_.at(static_cast<std::size_t>(place)) = entry.elements.at(0).text;
        note(entry.elements.at(1).elements.at(1).text, now);
      }
    }
  }

  void note(const std::string& id, Clock::time_point now) {
    auto& moments = moments_.at(std::stoul(id.substr(id.find('-') + 1)));
    if (moments.arrived) throw std::runtime_error(id + " came twice");
    moments.arrived = now;
    ++seen_;
  }

  test::RedisProbe redis_;
  std::vector<Moments>& moments_;
  std::vector<std::string> last_ids_;
  /// To be read once the thread has been joined.
  std::string failure_;
  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> seen_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// Commits one row at each tick, however long the one before took; `after_commit` is the writer's next step.
void write_rows(const World& world, const test::Database& database, std::vector<Moments>& moments,
                const std::function<void(std::size_t, const pqxx::result&)>& after_commit) {
  const auto connection = postgres::open_connection(world.database_url(database));
  const auto sql = "INSERT INTO event_outbox (id, stream_name, payload_json) SELECT $2, " + EventSql::stream() +
                   ", " + EventSql::payload() +
                   " FROM (SELECT $1::bigint) AS one (n) RETURNING stream_name, payload_json";
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < moments.size(); ++i) {
    std::this_thread::sleep_until(begin + i * kPace);
    pqxx::work transaction(*connection);
    const auto inserted = postgres::exec(transaction, sql, i, id_of(i));
    moments[i].commit_sent = Clock::now();
    transaction.commit();
    moments[i].commit_answered = Clock::now();
    after_commit(i, inserted);
  }
}

/// One way from a commit to an entry.
struct Mode {
  std::string what;
  std::optional<test::Database> database;
  /// Of the daemon; nothing: the writer sends its entries itself.
  std::optional<std::vector<std::string>> arguments;
  Series p50{}, p99{}, max{}, p50_from_before{};
};

void run(World& world, const Options& options, Mode& mode) {
  const auto& database = *mode.database;
  world.prepare(database, "event_outbox", {});
  const auto daemon =
      mode.arguments ? start_daemon(world, database, *mode.arguments) : std::unique_ptr<test::Child>{};
  std::vector<Moments> moments(static_cast<std::size_t>(options.window.count()) * kRowsPerSecond);
  Consumer consumer{world, moments};
  auto writers_redis = world.redis().probe();
  write_rows(world, database, moments, [&](std::size_t index, const pqxx::result& row) {
    if (daemon) return;
    writers_redis.command("XADD", postgres::text_of(row[0][0]), "MAXLEN", "~", "100000", "*", "outbox_id",
                          id_of(index), "payload", postgres::text_of(row[0][1]));
  });
  consumer.finish();
  Series after;
  Series before;
  for (const auto& one : moments) {
    const auto milliseconds = [&one](Clock::time_point since) {
      return std::chrono::duration<double, std::milli>(*one.arrived - since).count();
    };
    after.add(milliseconds(one.commit_answered));
    before.add(milliseconds(one.commit_sent));
  }
  constexpr double kMost = 0.99;
  mode.p50.add(after.median());
  mode.p99.add(after.quantile(kMost));
  mode.max.add(after.max());
  mode.p50_from_before.add(before.median());
  progress(mode.what + ": p50 " + std::to_string(after.median()) + " ms");
}

}  // namespace

Section latency(World& world, const Options& options) {
  Section section{.name = "latency",
                  .title = "From commit to entry",
                  .how = std::to_string(kRowsPerSecond) +
                         " transactions a second of one row each, at fixed times, for " +
                         std::to_string(options.window.count()) +
                         " s; a consumer is blocked in XREAD. Milliseconds from the return of COMMIT to the arrival "
                         "at the consumer, and from before COMMIT (which waits for the disk).",
                  .columns = {{"what", "what"},
                              {"p50_ms", "p50", 2},
                              {"p99_ms", "p99", 2},
                              {"max_ms", "max", 1},
                              {"p50_from_before_commit_ms", "p50 from before COMMIT", 2}},
                  .rows = {}};
  progress("latency");
  const auto as_it_stands = world.contract_database();
  std::optional<test::Database> migrated = world.migrated_database({"--wake-ups"});
  if (!has_wake_ups(*migrated)) migrated.reset();
  using Words = std::vector<std::string>;
  std::vector<Mode> modes{
      {"the writer XADDs after its commit (floor)", as_it_stands, std::nullopt},
      {"outboxd, wake-ups (`outboxd migrate --wake-ups`)", migrated, Words{}},
      {"outboxd, polling each 250 ms (profile api)", as_it_stands, Words{}},
      {"outboxd, polling each 5 ms", as_it_stands, Words{"--poll-interval", "5ms"}},
  };
  for (int round = 0; round < options.rounds; ++round) {
    for (auto& mode : modes) {
      if (mode.database) run(world, options, mode);
    }
  }
  for (const auto& mode : modes) {
    if (mode.database) {
      section.rows.push_back({mode.what, mode.p50, mode.p99, mode.max, mode.p50_from_before});
    } else {
      section.rows.push_back({mode.what, "not there", {}, {}, {}});
    }
  }
  return section;
}

}  // namespace outboxd::bench
