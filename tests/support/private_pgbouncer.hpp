// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"
#include "support/database.hpp"
#include "support/private_postgres.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace outboxd::test {

/// A private PgBouncer in front of a PrivatePostgres, in transaction mode: loopback TCP on a random port, no
/// passwords, and one role for all its server sessions, whatever role a client uses. It supports no named prepared
/// statements and ignores startup parameters. If root starts it, it runs as Postgres' user. It ends with its handle.
class PrivatePgbouncer {
 public:
  /// The number of server sessions for each database; more clients must share them.
  static constexpr int kPoolSize = 2;

  explicit PrivatePgbouncer(const PrivatePostgres& postgres, const std::string& role = "postgres");
  ~PrivatePgbouncer();
  PrivatePgbouncer(const PrivatePgbouncer&) = delete;
  PrivatePgbouncer& operator=(const PrivatePgbouncer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The same database through the pooler.
  [[nodiscard]] Database through(const Database& database) const;
  [[nodiscard]] bool running() { return server_ && server_->running(); }
  /// The pid of the running server.
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  [[nodiscard]] std::string log() const { return server_ ? server_->err() : ""; }

  /// Restarts it on the same port, and waits until it accepts clients.
  void start();
  void kill9();

 private:
  enum class Attempt { up, port_taken };
  Attempt try_start();
  [[nodiscard]] bool answers() const;
  [[nodiscard]] std::string configuration() const;
  [[nodiscard]] Database database(const std::string& name) const;

  const PrivatePostgres& postgres_;
  std::string role_;
  TempDir folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> server_;
};

}  // namespace outboxd::test
