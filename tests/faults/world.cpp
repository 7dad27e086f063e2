// SPDX-License-Identifier: Apache-2.0
#include "faults/world.hpp"

#include "support/outbox_table.hpp"
#include "support/programs.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <csignal>
#include <stdexcept>
#include <thread>

namespace outboxd::faults {
namespace {

std::vector<std::string> redis_config(bool snapshots, const test::TempDir& extras) {
  std::vector<std::string> config{"user relay on >relay-password ~* &* +@all"};
  if (!snapshots) config.insert(config.end(), {"appendonly yes", "appendfsync everysec"});
  config.push_back("include " + extras.write("redis.conf", "").string());
  return config;
}

std::vector<std::unique_ptr<PostgresNode>> postgres_nodes(const WorldOptions& options, const test::FullDisk& disk) {
  test::PostgresOptions each;
  if (!options.small_disk_for.empty()) each.environment = disk.environment();
  std::vector<std::unique_ptr<PostgresNode>> nodes;
  for (int i = 0; i < (options.standby ? 2 : 1); ++i) {
    nodes.push_back(std::make_unique<PostgresNode>(each, options.seed));
  }
  return nodes;
}

/// Creates a database and returns its name.
std::string new_database(test::PrivatePostgres& postgres) {
  const auto database = postgres.create_database();
  test::create_contract_table(database);
  database.exec("CREATE ROLE relay LOGIN; GRANT SELECT, UPDATE ON event_outbox TO relay");
  return database.name;
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      random_(options.seed),
      small_disk_(options.small_disk_for),
      nodes_(postgres_nodes(options, small_disk_)),
      redis_(redis_config(options.redis_snapshots, extras_)),
      database_(new_database(postgres())),
      to_redis_(redis_.port(), options.seed) {
  daemons_.resize(static_cast<std::size_t>(options.daemons));
  for (std::size_t i = 0; i < daemons_.size(); ++i) start_daemon(i);
  if (options.in_process) in_process_ = std::make_unique<InProcess>(database(), redis_);
}

std::string World::postgres_url() const {
  std::string hosts;
  for (const auto& node : nodes_) {
    hosts.append(hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:").append(std::to_string(node->way.port()));
  }
  return "postgresql://relay@" + hosts + "/" + database_ + "?sslmode=disable" +
         (options_.standby ? "&target_session_attrs=read-write" : "");
}

void World::get_ready() {
  if (!options_.standby) return;
  if (database().scalar("SELECT count(*) FROM pg_stat_replication") == "0") {
    other_node().server.become_standby_of(postgres());
    // Not earlier, as the daemons would take it for the primary that it was.
    other_node().way.go_silent(false);
    other_node().way.go_away(false);
  }
  postgres().wait_for_standby();
}

void World::fail_over() {
  other_node().server.promote();
  primary_ = 1 - primary_;
}

void World::let_go() {
  for (const auto& node : nodes_) node->way.go_on();
  to_redis_.go_on();
}

std::string World::postgres_log() const {
  std::string log;
  for (const auto& node : nodes_) log += node->server.log();
  return log;
}

void World::start_daemon(std::size_t number) {
  const test::Environment environment{
      {"DATABASE_URL", postgres_url()},
      {"REDIS_URL", "redis://relay:relay-password@127.0.0.1:" + std::to_string(to_redis_.port()) + "/0"},
      {"STREAMS_HMAC_KEY", test::test_key()},
      {"OUTBOXD_HTTP_LISTEN", "127.0.0.1:0"}};
  // Time-outs far shorter than the defaults, so that faults that outlast them take seconds instead of minutes.
  std::map<std::string, std::string> flags{{"--profile", options_.profile},
                                           {"--batch", std::to_string(kBatchRows)},
                                           {"--poll-interval", "20ms"},
                                           {"--lease", options_.lease},
                                           {"--redis-timeout", "500ms"},
                                           {"--redis-connect-timeout", "500ms"},
                                           {"--postgres-statement-timeout", "1s"},
                                           {"--postgres-connect-timeout", "1s"}};
  if (number + 1 == daemons_.size()) {
    for (const auto& [flag, value] : options_.flags_of_last) flags[flag] = value;
  }
  std::vector<std::string> command{"run"};
  for (const auto& [flag, value] : flags) command.insert(command.end(), {flag, value});
  daemons_.at(number) = test::start_outboxd(command, environment);
}

std::vector<std::string> World::burst(int rows) {
  const auto prefix = new_prefix("burst-");
  std::string names;
  for (const auto& stream : streams_) names += (names.empty() ? "'" : ", '") + stream + "'";
  admin("INSERT INTO event_outbox (id, stream_name, payload_json) SELECT '" + prefix + "' || n, (ARRAY[" + names +
        "])[1 + n % " + std::to_string(streams_.size()) + "], jsonb_build_object('n', n) FROM generate_series(1, " +
        std::to_string(rows) + ") AS n");
  std::vector<std::string> ids;
  for (int n = 1; n <= rows; ++n) ids.push_back(prefix + std::to_string(n));
  return ids;
}

std::int64_t World::entries_of(const std::string& stream) const {
  return redis_.probe().xlen(stream);
}

std::int64_t World::entries() const {
  auto probe = redis_.probe();
  std::int64_t count = 0;
  for (const auto& stream : streams_) count += probe.xlen(stream);
  return count;
}

void World::expect_flow(const std::string& stream) const {
  const auto before = entries_of(stream);
  test::wait_until([&] { return entries_of(stream) >= before + 10; }, std::chrono::seconds(10),
                   stream + " to flow while only another stream is in trouble");
}

void World::stop_at(const Step& step) {
  (step.is_redis ? to_redis_ : to_postgres()).wait_for(step.text, step.phase);
}

void World::go_on(const Step& step, Then then) {
  (step.is_redis ? to_redis_ : to_postgres()).go_on(then);
}

void World::any_moment() {
  lasts(milliseconds{std::uniform_int_distribution<int>{0, 300}(random_)});
}

void World::lasts(milliseconds time) {
  std::this_thread::sleep_for(time);
}

void World::end_sessions() const {
  admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'relay'");
}

void World::redis_command(const std::vector<std::string>& command) const {
  const auto reply = redis_.probe().send(command);
  if (reply.is_error()) throw std::runtime_error(command.front() + ": " + reply.text);
}

void World::restart_redis_with(const std::string& config, milliseconds loads_for) {
  try {
    redis_command({"SHUTDOWN", "SAVE"});
  } catch (const std::runtime_error&) {
    // Redis closes the connection instead of answering.
  }
  redis_.stop();
  extras_.write("redis.conf", config);
  redis_.start(loads_for + std::chrono::seconds(30));
}

void World::await_expected_deaths() const {
  const auto dead = "SELECT count(*) FROM event_outbox WHERE available_at = 'infinity'";
  test::wait_until([&] { return std::stoull(database().scalar(dead)) >= poison_.size(); }, std::chrono::seconds(60),
                   "the poison rows to die");
}

}  // namespace outboxd::faults
