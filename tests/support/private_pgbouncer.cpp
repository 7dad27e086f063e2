// SPDX-License-Identifier: Apache-2.0
#include "support/private_pgbouncer.hpp"

#include "support/programs.hpp"
#include "support/server_account.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <csignal>
#include <regex>
#include <stdexcept>

namespace outboxd::test {
namespace {

ChildOptions pgbouncer(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  const auto account = server_account();
  ChildOptions options{.command = {find_program("pgbouncer")},
                       .environment = {{"LC_ALL", "C"}, {"TZ", "UTC"}},
                       .user = account.user,
                       .group = account.group,
                       .folder = folder};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  return options;
}

/// PgBouncer keeps named prepared statements in transaction mode since 1.21; older ones refuse the setting.
bool can_keep_prepared_statements(const std::filesystem::path& folder) {
  Child child(pgbouncer({"--version"}, folder));
  child.wait();
  std::smatch found;
  const auto said = child.out();
  if (!std::regex_search(said, found, std::regex("PgBouncer (\\d+)\\.(\\d+)"))) {
    throw std::runtime_error("pgbouncer --version says:\n" + said + child.err());
  }
  return std::stoi(found[1]) > 1 || std::stoi(found[2]) >= 21;
}

}  // namespace

PrivatePgbouncer::PrivatePgbouncer(const PrivatePostgres& postgres, const std::string& role)
    : postgres_(postgres), role_(role) {
  constexpr int kPortsToTry = 10;
  give_to_server_account(folder_.path());
  for (int i = 0; i < kPortsToTry; ++i) {
    port_ = free_port();
    if (try_start() == Attempt::up) return;
  }
  throw std::runtime_error("no free port for pgbouncer");
}

PrivatePgbouncer::~PrivatePgbouncer() = default;

Database PrivatePgbouncer::database(const std::string& name) const {
  const auto port = std::to_string(port_);
  return {name, "postgresql://" + role_ + "@127.0.0.1:" + port + "/" + name,
          "host=127.0.0.1 port=" + port + " user=" + role_ + " dbname=" + name};
}

Database PrivatePgbouncer::through(const Database& database) const {
  return this->database(database.name);
}

void PrivatePgbouncer::start() {
  if (running()) return;
  wait_until([this] { return try_start() == Attempt::up; }, std::chrono::seconds(20),
             "pgbouncer on its old port " + std::to_string(port_));
}

void PrivatePgbouncer::kill9() {
  server_->signal(SIGKILL);
  server_->wait();
}

std::string PrivatePgbouncer::configuration() const {
  std::string lines = "[databases]\n* = host=127.0.0.1 port=" + std::to_string(postgres_.port()) + " user=" + role_ +
                      "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + std::to_string(port_) +
                      "\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = " +
                      std::to_string(kPoolSize) + "\nserver_login_retry = 1\n";
  if (can_keep_prepared_statements(folder_.path())) lines += "max_prepared_statements = 0\n";
  return lines;
}

PrivatePgbouncer::Attempt PrivatePgbouncer::try_start() {
  const auto file = folder_.write("pgbouncer.ini", configuration());
  server_ = std::make_unique<Child>(pgbouncer({file.string()}, folder_.path()));
  wait_until([this] { return !server_->running() || answers(); }, std::chrono::seconds(30), "pgbouncer to answer");
  if (server_->running()) return Attempt::up;
  if (log().find("ddress already in use") != std::string::npos) return Attempt::port_taken;
  throw std::runtime_error("pgbouncer did not start:\n" + server_->out() + log());
}

bool PrivatePgbouncer::answers() const {
  // Logged when it listens; until then another process's server may hold the port.
  if (log().find("process up") == std::string::npos) return false;
  try {
    return database("postgres").scalar("SELECT 1") == "1";
  } catch (const pqxx::failure&) {
    return false;
  }
}

}  // namespace outboxd::test
