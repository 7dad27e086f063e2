// SPDX-License-Identifier: Apache-2.0
// Writer and consumer are threads of this process, so that they share one clock.
#include "bench/commit_to_entry.hpp"

#include "bench/cpu.hpp"
#include "bench/daemon.hpp"
#include "bench/events.hpp"
#include "bench/held_snapshot.hpp"
#include "bench/sections.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/caracal_table.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace outboxd::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// The number of rows a second that one connection can commit in time.
constexpr int kRowsOfAWriter = 250;
constexpr std::chrono::milliseconds kPause{10};

struct Moments {
  Clock::time_point commit_sent;
  Clock::time_point commit_answered;
  std::optional<Clock::time_point> arrived;
};

std::string id_of(std::size_t index) {
  return "event-" + std::to_string(index);
}

/// Waits for entries on a connection of its own and records the arrival of each.
class Consumer {
 public:
  /// `stream`: the only one; empty: all of them.
  Consumer(const World& world, const std::string& stream, std::vector<Moments>& moments)
      : redis_{world.redis().probe()},
        streams_{stream.empty() ? streams() : std::vector<std::string>{stream}},
        moments_{moments},
        last_ids_(streams_.size(), "0"),
        thread_{[this] { work(); }} {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }

  /// Waits, up to a deadline, for all missing entries. Rethrows an exception of the thread.
  void finish() {
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (seen_ < moments_.size() && !ended_ && Clock::now() < end) std::this_thread::sleep_for(kPause);
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
    command.insert(command.end(), streams_.begin(), streams_.end());
    command.insert(command.end(), last_ids_.begin(), last_ids_.end());
    const auto reply = redis_.send(command);
    const auto now = Clock::now();
    if (reply.is_error()) throw std::runtime_error(reply.text);
    for (const auto& stream : reply.elements) {
      const auto place = std::ranges::find(streams_, stream.elements.at(0).text) - streams_.begin();
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
  std::vector<std::string> streams_;
  std::vector<Moments>& moments_;
  std::vector<std::string> last_ids_;
  /// May be read after the thread was joined.
  std::string failure_;
  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> seen_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

using AfterCommit = std::function<void(std::size_t, const pqxx::result&)>;

/// Commits one row at each tick, regardless of the duration of earlier commits, then calls `after_commit`. Takes
/// every `step`th row from `first` on.
void write_rows(const World& world, const Way& way, std::vector<Moments>& moments, std::size_t first,
                std::size_t step, const AfterCommit& after_commit) {
  const auto connection = postgres::open_connection(world.database_url(*way.database));
  const auto stream = way.stream.empty() ? EventSql::stream() : test::literal(way.stream);
  const std::string into = way.table == "event_outbox"
                               ? "event_outbox (id, stream_name, payload_json) SELECT $2, "
                               : "caracal_outbox (id, producer, dedupe_key, topic, payload_json) SELECT $2, "
                                 "'coordinator', $2, ";
  const auto sql = "INSERT INTO " + into + stream + ", " + EventSql::payload() +
                   " FROM (SELECT $1::bigint) AS one (n) RETURNING " +
                   (way.table == "event_outbox" ? "stream_name" : "topic") + ", payload_json";
  postgres::prepare(*connection, "write", sql);
  const auto begin = Clock::now();
  const std::chrono::microseconds pace{1'000'000 / way.rate};
  for (std::size_t i = first; i < moments.size(); i += step) {
    std::this_thread::sleep_until(begin + i * pace);
    pqxx::work transaction(*connection);
    const auto inserted = postgres::exec_prepared(transaction, "write", {std::to_string(i), id_of(i)});
    moments[i].commit_sent = Clock::now();
    transaction.commit();
    moments[i].commit_answered = Clock::now();
    if (after_commit) after_commit(i, inserted);
  }
}

/// Runs as many writers as the rate needs, each on a connection of its own. Rethrows an exception of a writer.
void write_rows(const World& world, const Way& way, std::vector<Moments>& moments, const AfterCommit& after_commit) {
  const auto writers = static_cast<std::size_t>(std::max(1, way.rate / kRowsOfAWriter));
  std::vector<std::future<void>> running;
  for (std::size_t i = 0; i < writers; ++i) {
    running.push_back(
        std::async(std::launch::async, [&, i] { write_rows(world, way, moments, i, writers, after_commit); }));
  }
  for (auto& one : running) one.get();
}

/// CPU seconds of the daemon and of its sessions.
double cpu_of_dispatcher(const test::Child& daemon, const std::vector<pid_t>& sessions) {
  double sum = cpu_of(daemon.pid());
  for (const auto pid : sessions) sum += cpu_of(pid);
  return sum;
}

bool all_published(const Way& way, const std::string& among) {
  const auto* pending = way.table == "event_outbox" ? "dispatched_at IS NULL" : "status = 'pending'";
  return way.database->scalar("SELECT EXISTS (SELECT FROM " + way.table + " WHERE " + pending + " AND " + among +
                              ")") == "f";
}

/// Starts the daemon, and waits until it has published the rows of its streams.
std::unique_ptr<test::Child> start_daemon(World& world, const Options& options, const Way& way) {
  std::vector<std::string> words{"run"};
  words.insert(words.end(), way.arguments->begin(), way.arguments->end());
  if (way.table != "event_outbox") words.insert(words.end(), {"--layout", way.table});
  if (!way.stream.empty()) words.insert(words.end(), {"--streams", way.stream});
  if (way.published_before > 0) words.insert(words.end(), {"--batch", "500"});
  auto daemon = test::start_outboxd(words, world.environment(*way.database));
  const auto stream = way.stream.empty() ? streams().front() : way.stream;
  if (way.table == "event_outbox") {
    test::insert_row(*way.database, "warm-up", stream, "{}");
  } else {
    test::insert_caracal_row(*way.database, "warm-up", stream, "{}");
  }
  const auto* among = way.of_others > 0 ? "id = 'warm-up'" : "true";
  test::wait_until([&] { return all_published(way, among); }, options.longest_run,
                   "the daemon to publish what is there");
  world.redis().probe().command("FLUSHALL");
  return daemon;
}

/// SQL that inserts rows of streams that the daemon doesn't serve.
std::string insert_of_others(std::int64_t rows) {
  return "INSERT INTO event_outbox (id, stream_name, payload_json, available_at) SELECT " + EventSql::id() +
         ", 'others', " + EventSql::payload() + ", now() - interval '1 hour' FROM generate_series(1::bigint, " +
         std::to_string(rows) + ") AS n";
}

void run(World& world, const Options& options, Way& way) {
  const auto& database = *way.database;
  std::vector<std::string> fill;
  if (way.of_others > 0) fill.push_back(insert_of_others(way.of_others));
  if (way.published_before > 0) {
    fill.push_back(way.table == "event_outbox" ? insert_events_sql(way.published_before)
                                               : insert_caracal_events_sql(way.published_before));
  }
  world.prepare(database, way.table, fill);
  std::optional<HeldSnapshot> snapshot;
  if (way.published_before > 0) snapshot.emplace(database);
  const auto daemon = way.arguments ? start_daemon(world, options, way) : std::unique_ptr<test::Child>{};
  const auto sessions = backends_of(database);
  std::vector<Moments> moments(static_cast<std::size_t>(options.window.count() * way.rate / 1'000));
  Consumer consumer{world, way.stream, moments};
  auto writers_redis = world.redis().probe();
  const AfterCommit add_entry = [&](std::size_t index, const pqxx::result& row) {
    writers_redis.command("XADD", postgres::text_of(row[0][0]), "MAXLEN", "~", "100000", "*", "outbox_id",
                          id_of(index), "payload", postgres::text_of(row[0][1]));
  };
  const auto began = Clock::now();
  const double cpu_before = daemon ? cpu_of_dispatcher(*daemon, sessions) : 0;
  write_rows(world, way, moments, daemon ? AfterCommit{} : add_entry);
  if (daemon) {
    const std::chrono::duration<double> took = Clock::now() - began;
    constexpr double kPercent = 100;
    way.cpu.add(kPercent * (cpu_of_dispatcher(*daemon, sessions) - cpu_before) / took.count());
  }
  consumer.finish();
  // Emptied, so that autovacuum has no work during the next measurement.
  if (way.published_before > 0 || way.of_others > 0) run_each(database, {"TRUNCATE " + way.table});
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
  way.p50.add(after.median());
  way.p99.add(after.quantile(kMost));
  way.max.add(after.max());
  way.p50_from_before.add(before.median());
  progress(way.what + ", " + std::to_string(way.rate) + " a second: p50 " + std::to_string(after.median()) +
           " ms, p99 " + std::to_string(after.quantile(kMost)) + " ms");
}

}  // namespace

Section commit_to_entry(World& world, const Options& options, std::vector<Way> ways, const std::string& name,
                        const std::string& title, const std::string& how) {
  Section section;
  section.name = name;
  section.title = title;
  section.how = how + " Transactions of one row each, at fixed times, for " + options.seconds() +
                " s; a consumer is blocked in XREAD. Milliseconds from the return of COMMIT to the arrival at the "
                "consumer, and from before COMMIT (which waits for the disk). CPU: the daemon's and its Postgres "
                "sessions'.";
  section.columns = {{"what", "what"},
                     {"rate", "commits a second"},
                     {"p50_ms", "p50", 2},
                     {"p99_ms", "p99", 2},
                     {"max_ms", "max", 1},
                     {"p50_from_before_commit_ms", "p50 from before COMMIT", 2},
                     {"cpu_percent", "CPU, % of a core", 1},
                     {"ratio", "p50, ratio", 2}};
  progress(section.name);
  for (int round = 0; round < options.rounds; ++round) {
    for (auto& way : ways) {
      if (way.database) run(world, options, way);
    }
  }
  for (const auto& way : ways) {
    if (!way.database) {
      section.rows.push_back({way.what, "not there", {}, {}, {}, {}, {}, {}});
      continue;
    }
    section.rows.push_back({way.what, static_cast<std::int64_t>(way.rate), way.p50, way.p99, way.max,
                            way.p50_from_before, way.arguments ? Value{way.cpu} : Value{},
                            way.base ? Value{ratio(way.p50, ways[*way.base].p50)} : Value{}});
  }
  return section;
}

}  // namespace outboxd::bench
