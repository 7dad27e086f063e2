// SPDX-License-Identifier: Apache-2.0
#include "support/private_redis.hpp"

#include "support/programs.hpp"
#include "support/wait.hpp"

#include <csignal>
#include <stdexcept>

namespace outboxd::test {

PrivateRedis::PrivateRedis(std::vector<std::string> config) : config_(std::move(config)) {
  constexpr int kPortsToTry = 10;
  for (int i = 0; i < kPortsToTry; ++i) {
    port_ = free_port();
    if (try_start(std::chrono::seconds(30)) == Attempt::up) return;
  }
  throw std::runtime_error("no free port for redis-server");
}

PrivateRedis::~PrivateRedis() = default;

void PrivateRedis::start(std::chrono::milliseconds deadline) {
  if (running()) return;
  wait_until([&] { return try_start(deadline) == Attempt::up; }, std::chrono::seconds(20),
             "redis-server on its old port " + std::to_string(port_));
}

PrivateRedis::Attempt PrivateRedis::try_start(std::chrono::milliseconds deadline) {
  std::string config = "bind 127.0.0.1\nport " + std::to_string(port_) + "\nunixsocket " + unix_socket().string() +
                       "\ndir " + folder_.path().string() + "\nsave \"\"\nappendonly no\ndaemonize no\n";
  for (const auto& line : config_) config += line + "\n";
  const auto file = folder_.write("redis.conf", config);
  server_ = std::make_unique<Child>(ChildOptions{.command = {find_program("redis-server"), file.string()},
                                                 .environment = {{"LC_ALL", "C"}},
                                                 .folder = folder_.path()});
  wait_until([this] { return !server_->running() || answers(); }, deadline, "redis-server to answer");
  if (server_->running()) return Attempt::up;
  if (server_->out().find("ddress already in use") != std::string::npos) return Attempt::port_taken;
  throw std::runtime_error("redis-server did not start:\n" + server_->out() + server_->err());
}

bool PrivateRedis::answers() const {
  // Logged after the data is loaded. PING can't show that, as a server with a password answers NOAUTH even before.
  if (server_->out().find("eady to accept connections") == std::string::npos) return false;
  try {
    const RedisProbe over_tcp(port_);
    const RedisProbe over_unix(unix_socket());
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

void PrivateRedis::stop() {
  resume();
  server_->signal(SIGTERM);
  server_->wait();
}

void PrivateRedis::kill9() {
  server_->signal_group(SIGKILL);
  server_->wait();
}

void PrivateRedis::pause() {
  server_->signal_group(SIGSTOP);
}
void PrivateRedis::resume() {
  server_->signal_group(SIGCONT);
}

}  // namespace outboxd::test
