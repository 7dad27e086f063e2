// SPDX-License-Identifier: Apache-2.0
#include "support/private_postgres.hpp"

#include "postgres/pqxx_compat.hpp"
#include "support/initialised_data.hpp"
#include "support/processes.hpp"
#include "support/programs.hpp"
#include "support/server_account.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/ipc.h>
#include <sys/shm.h>

namespace outboxd::test {
PrivatePostgres::PrivatePostgres(PostgresOptions options) : options_(std::move(options)) {
  constexpr int kPortsToTry = 10;
  give_to_server_account(folder_.path());
  copy_initialised_data(folder_ / "data");
  for (int i = 0; i < kPortsToTry; ++i) {
    port_ = free_port();
    if (try_start() == Attempt::up) return;
  }
  throw std::runtime_error("no free port for postgres");
}

PrivatePostgres::~PrivatePostgres() {
  if (running()) {
    // A paused server can't shut down, and a backend that outlives it would keep its files open.
    resume();
    server_->signal(SIGQUIT);
    try {
      server_->wait();
    } catch (const std::exception&) {
      kill9();
    }
  }
  remove_shared_memory();
}

std::string PrivatePostgres::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PrivatePostgres::conninfo(const std::string& database, const std::string& user) const {
  return "host=" + folder_.path().string() + " port=" + std::to_string(port_) + " user=" + user +
         " dbname=" + database;
}

Database PrivatePostgres::database(const std::string& name) const {
  return {name, url(name), conninfo(name)};
}

Database PrivatePostgres::create_database() {
  const auto name = "test_" + std::to_string(++databases_);
  const auto connection = postgres::open_connection(conninfo());
  pqxx::nontransaction session(*connection);
  postgres::exec(session, "CREATE DATABASE " + name);
  return database(name);
}

void PrivatePostgres::start() {
  if (running()) return;
  wait_until([this] { return try_start() == Attempt::up; }, std::chrono::seconds(60),
             "postgres on its old port " + std::to_string(port_));
}

PrivatePostgres::Attempt PrivatePostgres::try_start() {
  std::vector<std::string> command{(postgres_programs() / "postgres").string(),
                                   "-D",
                                   (folder_ / "data").string(),
                                   "-p",
                                   std::to_string(port_),
                                   "-k",
                                   folder_.path().string(),
                                   "-h",
                                   "127.0.0.1"};
  std::vector<std::string> settings{"logging_collector=off", "shared_buffers=32MB"};
  if (!options_.durable) settings.insert(settings.end(), {"fsync=off", "full_page_writes=off"});
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const auto& setting : settings) command.insert(command.end(), {"-c", setting});
  auto child = as_server_account(command, folder_.path());
  child.environment.insert(options_.environment.begin(), options_.environment.end());
  earlier_log_ += log_of_this_run();
  server_ = std::make_unique<Child>(child);
  wait_until([this] { return !server_->running() || answers(); }, std::chrono::seconds(60), "postgres to answer");
  if (server_->running()) return Attempt::up;
  if (log_of_this_run().find("ddress already in use") != std::string::npos) return Attempt::port_taken;
  throw std::runtime_error("postgres did not start:\n" + log_of_this_run());
}

bool PrivatePostgres::answers() const {
  try {
    const auto connection = postgres::open_connection(conninfo() + " connect_timeout=5");
    // Another process's server may hold the TCP port; then ours will give up.
    return log_of_this_run().find("ddress already in use") == std::string::npos;
  } catch (const pqxx::failure&) {
    return false;
  }
}

void PrivatePostgres::signal_all(int number) {
  if (!running()) return;
  // The server first: after it has stopped, no new backend can appear. Each backend leads a process group of its own,
  // so a signal to the server's group doesn't reach it.
  const auto pid = server_->pid();
  const auto before = children_of(pid);
  ::kill(pid, number);
  for (const auto child : number == SIGKILL ? before : children_of(pid)) ::kill(child, number);
}

void PrivatePostgres::stop(StopMode mode) {
  constexpr std::array kSignals{SIGTERM, SIGINT, SIGQUIT};
  resume();
  server_->signal(kSignals.at(static_cast<std::size_t>(mode)));
  server_->wait();
}

void PrivatePostgres::kill9() {
  // Stopped first, so that the list of its backends is complete when they are killed.
  signal_all(SIGSTOP);
  const auto backends = children_of(server_->pid());
  signal_all(SIGKILL);
  server_->wait();
  wait_until([&backends] { return std::ranges::all_of(backends, has_ended); }, std::chrono::seconds(20),
             "the killed backends to end");
}

std::string PrivatePostgres::ask(const std::string& sql) const {
  // ALTER SYSTEM can't run in a transaction.
  const auto connection = postgres::open_connection(conninfo());
  pqxx::nontransaction session(*connection);
  const auto answer = postgres::exec(session, sql);
  return answer.empty() ? "" : postgres::text_of(answer[0][0]);
}

void PrivatePostgres::become_standby_of(const PrivatePostgres& primary) {
  if (running()) stop(StopMode::immediate);
  remove_shared_memory();
  const auto data = folder_ / "data";
  std::filesystem::remove_all(data);
  run_as_server_account({(postgres_programs() / "pg_basebackup").string(), "-h", primary.folder_.path().string(),
                         "-p", std::to_string(primary.port_), "-U", "postgres", "-D", data.string(),
                         "--write-recovery-conf", "--checkpoint=fast", "--no-sync"},
                        folder_.path());
  start();
}

void PrivatePostgres::wait_for_standby() const {
  ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
  ask("SELECT pg_reload_conf()");
  wait_until(
      [this] {
        return ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1" &&
               ask("SHOW synchronous_standby_names") == "*";
      },
      std::chrono::seconds(20), "the standby to be in step");
}

void PrivatePostgres::demote() {
  stop();
  give_to_server_account(folder_.write("data/standby.signal", ""));
  start();
}

void PrivatePostgres::promote() const {
  // There is no standby yet.
  ask("ALTER SYSTEM RESET synchronous_standby_names");
  ask("SELECT pg_reload_conf()");
  if (ask("SELECT pg_promote(true, 60)") != "t") throw std::runtime_error("Postgres can't be promoted");
}

void PrivatePostgres::pause() {
  signal_all(SIGSTOP);
}
void PrivatePostgres::resume() {
  signal_all(SIGCONT);
}

void PrivatePostgres::remove_shared_memory() const {
  // Left behind only after kill9(); the seventh line of postmaster.pid is the segment's key and id.
  std::ifstream file(folder_ / "data" / "postmaster.pid");
  std::string line;
  for (int i = 0; i < 7; ++i) std::getline(file, line);
  std::istringstream numbers(line);
  long key = 0;
  int id = -1;
  if (file && numbers >> key >> id) ::shmctl(id, IPC_RMID, nullptr);
}

}  // namespace outboxd::test
