// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"
#include "support/database.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace outboxd::test {

struct PostgresOptions {
  /// True: fsync and full_page_writes on, as in production; needed only by tests of crashes of the machine.
  bool durable = false;
  /// Further settings, "name=value".
  std::vector<std::string> settings{};
  /// Further variables of the server's environment.
  std::map<std::string, std::string> environment{};
};

enum class StopMode { smart, fast, immediate };

/// A private Postgres server: loopback TCP on a random port and a Unix socket, both without passwords, superuser
/// "postgres", data in a folder of its own. If root starts it, it runs as the user postgres or nobody. It ends with
/// its handle. Each server starts from a copy of a data folder that initdb made once for the build.
class PrivatePostgres {
 public:
  explicit PrivatePostgres(PostgresOptions options = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// postgresql://USER@127.0.0.1:PORT/DATABASE
  [[nodiscard]] std::string url(const std::string& database = "postgres", const std::string& user = "postgres") const;
  /// The same over the Unix socket, as key=value text.
  [[nodiscard]] std::string conninfo(const std::string& database = "postgres",
                                     const std::string& user = "postgres") const;
  [[nodiscard]] bool running() { return server_ && server_->running(); }
  /// The pid of the running server.
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  /// The log of all its runs.
  [[nodiscard]] std::string log() const { return earlier_log_ + log_of_this_run(); }

  /// A new, empty database; it lasts as long as the server.
  [[nodiscard]] Database create_database();

  /// An existing database.
  [[nodiscard]] Database database(const std::string& name) const;

  /// Restarts it on the same port and folder, and waits until it answers.
  void start();
  void stop(StopMode mode = StopMode::fast);
  /// Kills the server with all its backends, and waits until they are gone: like a power cut, except that the file
  /// system loses nothing.
  void kill9();
  /// Pauses the server and its backends (SIGSTOP): connections stay open, but get no answers.
  void pause();
  void resume();

  /// Replaces its data by a copy of the primary's, and follows it as a read-only standby on its own port.
  void become_standby_of(const PrivatePostgres& primary);
  /// Waits until a standby follows. From then on a commit is answered only when the standby has it as well (unless
  /// its session has synchronous_commit off).
  void wait_for_standby() const;
  /// Restarts it as a read-only standby without a primary.
  void demote();
  /// Promotes a standby to a primary, and waits until it accepts writes; its commits wait for no standby.
  void promote() const;

 private:
  enum class Attempt { up, port_taken };
  Attempt try_start();
  [[nodiscard]] bool answers() const;
  [[nodiscard]] std::string log_of_this_run() const { return server_ ? server_->err() : ""; }
  /// Runs one statement outside of any transaction, and returns the first value of its answer, if there is one.
  std::string ask(const std::string& sql) const;
  void signal_all(int number);
  void remove_shared_memory() const;

  PostgresOptions options_;
  TempDir folder_;
  std::uint16_t port_ = 0;
  int databases_ = 0;
  std::string earlier_log_;
  std::unique_ptr<Child> server_;
};

}  // namespace outboxd::test
