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

/// A Postgres server of our own: loopback TCP on a random port and a Unix socket, both trusting everybody, superuser
/// "postgres", data in a folder of its own. Run by root, it works as the user postgres or nobody. Ends with its
/// handle. Each server starts from a copy of what initdb made once for the build.
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
  /// Of the running server.
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  /// What it has written in all its runs.
  [[nodiscard]] std::string log() const { return earlier_log_ + log_of_this_run(); }

  /// A new, empty database; it lasts as long as the server.
  [[nodiscard]] Database create_database();

  /// The database of this name, which is there already.
  [[nodiscard]] Database database(const std::string& name) const;

  /// Starts it again on the same port and folder, and waits until it answers.
  void start();
  void stop(StopMode mode = StopMode::fast);
  /// Kills the server with all its backends, and waits until they are gone: what the power cut leaves (but for the
  /// file system).
  void kill9();
  /// Stops it in its tracks (SIGSTOP), backends too: connections stay open, nothing answers.
  void pause();
  void resume();

  /// Throws away its data, copies the primary's, and follows it as a read-only standby on its own port.
  void become_standby_of(const PrivatePostgres& primary);
  /// Waits until a standby follows; from then on no commit is answered that the standby hasn't got as well (unless
  /// its session has synchronous_commit off).
  void wait_for_standby() const;
  /// Restarts it as a read-only standby of nobody.
  void demote();
  /// Makes a primary of a standby, and waits until it takes writes; its commits wait for no standby.
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
