// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"
#include "support/database.hpp"
#include "support/private_postgres.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace outboxd::test {

/// A PgBouncer of our own before a PrivatePostgres, in transaction mode: loopback TCP on a random port, nobody is
/// asked for a password, and who logs in doesn't matter: the sessions behind it are those of one role. It knows no
/// named prepared statements and no startup parameters of its own making. Run by root, it works as Postgres' user.
/// Ends with its handle.
class PrivatePgbouncer {
 public:
  /// As many sessions as this for each database, so that more clients than that have to share them.
  static constexpr int kPoolSize = 2;

  explicit PrivatePgbouncer(const PrivatePostgres& postgres, const std::string& role = "postgres");
  ~PrivatePgbouncer();
  PrivatePgbouncer(const PrivatePgbouncer&) = delete;
  PrivatePgbouncer& operator=(const PrivatePgbouncer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The same database, seen through it.
  [[nodiscard]] Database through(const Database& database) const;
  [[nodiscard]] bool running() { return server_ && server_->running(); }
  /// Of the running server.
  [[nodiscard]] pid_t pid() const { return server_->pid(); }
  [[nodiscard]] std::string log() const { return server_ ? server_->err() : ""; }

  /// Starts it again on the same port, and waits until it takes clients.
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
