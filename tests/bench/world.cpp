// SPDX-License-Identifier: Apache-2.0
#include "bench/world.hpp"

#include "bench/cpu.hpp"
#include "bench/events.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace outboxd::bench {
namespace {

// Each run begins with a checkpoint, so that none happens during a run. All other settings are Debian's.
test::PostgresOptions postgres_options() {
  return {.durable = true,
          .settings = {"shared_buffers=128MB", "max_wal_size=8GB", "checkpoint_timeout=1h"},
          .environment = {}};
}

// The file is rewritten between runs instead of during them.
std::vector<std::string> redis_options() {
  return {"appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction", "auto-aof-rewrite-percentage 0"};
}

}  // namespace

World::World(bool sockets) : sockets_{sockets}, postgres_{postgres_options()}, redis_{redis_options()} {}

test::Database World::contract_database() {
  auto database = postgres_.create_database();
  test::create_contract_table(database);
  return database;
}

test::Database World::migrated_database(const std::vector<std::string>& arguments) {
  auto database = postgres_.create_database();
  std::vector<std::string> words{"migrate"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const auto ended = test::run_outboxd(words, environment(database));
  if (ended.status != 0) throw std::runtime_error("outboxd migrate failed:\n" + ended.out + ended.err);
  return database;
}

void World::prepare(const test::Database& database, const std::string& table, const std::vector<std::string>& sql) {
  empty_redis();
  run_each(database, {"TRUNCATE " + table});
  run_each(database, sql);
  run_each(database, {"VACUUM ANALYZE " + table, "CHECKPOINT"});
}

void World::empty_redis() const {
  auto redis = redis_.probe();
  redis.command("FLUSHALL");
  redis.command("BGREWRITEAOF");
  test::wait_until(
      [&redis] {
        const auto info = redis.command("INFO", "persistence").text;
        return info.find("aof_rewrite_in_progress:0") != std::string::npos &&
               info.find("aof_rewrite_scheduled:0") != std::string::npos;
      },
      std::chrono::seconds(60), "Redis to have a new append-only file");
}

std::string World::database_url(const test::Database& database) const {
  return sockets_ ? database.conninfo : database.url;
}

test::Environment World::environment(const test::Database& database) const {
  auto environment = test::outboxd_environment(database, redis_);
  environment["DATABASE_URL"] = database_url(database);
  if (sockets_) environment["REDIS_URL"] = "unix://" + redis_.unix_socket().string();
  return environment;
}

test::Socket World::redis_socket() const {
  return sockets_ ? test::Socket::unix_domain(redis_.unix_socket()) : test::Socket::tcp(redis_.port());
}

double World::postgres_cpu() const {
  // A process that ends during the reading may be missed, as it is in neither its parent's sum nor the list of
  // processes.
  constexpr int kLooks = 3;
  double most = 0;
  for (int i = 0; i < kLooks; ++i) {
    most = std::max(most, cpu_of_tree(postgres_.pid()));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return most;
}

double World::redis_cpu() const {
  return cpu_of_tree(redis_.pid());
}

std::int64_t World::entries() const {
  auto redis = redis_.probe();
  std::int64_t sum = 0;
  for (const auto& stream : streams()) sum += redis.xlen(stream);
  return sum;
}

void run_each(const test::Database& database, const std::vector<std::string>& sql) {
  const auto connection = database.connect();
  pqxx::nontransaction session(*connection);
  for (const auto& statement : sql) postgres::exec(session, statement);
}

}  // namespace outboxd::bench
