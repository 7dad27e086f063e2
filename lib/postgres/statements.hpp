// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "postgres/pqxx_compat.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// The names of the statements that a connection has prepared.
using PreparedStatements = std::map<std::string, std::string>;

/// How statements run on one connection.
struct StatementMode {
  /// SQL for the beginning of a transaction around each statement; empty: none, and no transaction.
  std::string settings{};
  /// Where a session is not shared, statements are planned once.
  bool prepares = false;
  /// The database can hold every character of UTF-8.
  bool takes_unicode = false;
  /// The time-outs of one statement, from the settings: the usual one, and the longest.
  std::chrono::milliseconds usual_timeout{0};
  std::chrono::milliseconds longest_timeout{0};
  /// How long a round trip to the server took when the connection was new.
  std::chrono::nanoseconds round_trip{0};
};

/// Runs statements on one connection, each in a transaction of its own. Behind a pooler that lends out its sessions
/// for a transaction, each statement carries its settings; otherwise the session has them.
class Statements {
 public:
  /// All arguments outlive this; `prepared` is the connection's.
  Statements(pqxx::connection& connection, const StatementMode& mode, PreparedStatements& prepared)
      : connection_{connection}, transaction_{connection}, mode_{mode}, prepared_{prepared} {}

  /// Blocks until the whole result is here. Repeats the statement a few times after a serialization failure (for
  /// instance if a row moves to another partition) or a deadlock. Throws libpqxx's exceptions.
  pqxx::result run(const std::string& sql, const std::vector<Parameter>& parameters);

  /// As in StatementMode.
  [[nodiscard]] bool takes_unicode() const { return mode_.takes_unicode; }
  /// Whether the server still answers over this connection. Blocks for a round trip; does not throw.
  [[nodiscard]] bool connection_works();

  /// As long as it lives, each statement may take this long instead of the usual time, or of an outer Patience's.
  class Patience {
   public:
    Patience(Statements& statements, std::chrono::milliseconds time)
        : statements_{statements}, before_{statements.patience_} {
      statements_.set_patience(time);
    }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    ~Patience() { statements_.restore_patience(before_); }

   private:
    Statements& statements_;
    std::optional<std::chrono::milliseconds> before_;
  };
  /// Measures the server's time: the elapsed time without the round trips.
  class Stopwatch {
   public:
    explicit Stopwatch(const Statements& statements)
        : statements_{statements}, began_{std::chrono::steady_clock::now()}, round_trips_{statements.round_trips_} {}
    [[nodiscard]] std::chrono::nanoseconds elapsed() const {
      const auto on_the_way = (statements_.round_trips_ - round_trips_) * statements_.mode_.round_trip;
      return std::chrono::steady_clock::now() - began_ - on_the_way;
    }

   private:
    const Statements& statements_;
    std::chrono::steady_clock::time_point began_;
    int round_trips_;
  };
  [[nodiscard]] std::chrono::milliseconds usual_timeout() const { return mode_.usual_timeout; }
  [[nodiscard]] std::chrono::milliseconds longest_timeout() const { return mode_.longest_timeout; }

 private:
  void set_patience(std::optional<std::chrono::milliseconds> time);
  /// Does not throw: if it fails, the connection is lost.
  void restore_patience(std::optional<std::chrono::milliseconds> time) noexcept;
  pqxx::result run_once(const std::string& sql, const std::vector<Parameter>& parameters);
  pqxx::result run_prepared(const std::string& sql, const std::vector<Parameter>& parameters);
  pqxx::result run_with_settings(const std::string& sql, const std::vector<Parameter>& parameters);

  pqxx::connection& connection_;
  pqxx::nontransaction transaction_;
  const StatementMode& mode_;
  PreparedStatements& prepared_;
  /// The number of round trips so far.
  int round_trips_ = 0;
  /// The time-out of a statement, where it is not the usual one.
  std::optional<std::chrono::milliseconds> patience_;
  /// Settings of a pooled session, beside those of the mode.
  std::string further_settings_;
};

/// Runs a statement with plain arguments, as pqxx_compat.hpp's exec does.
template <typename... Args>
pqxx::result exec(Statements& statements, const std::string& sql, const Args&... args) {
  return statements.run(sql, std::vector<Parameter>{to_parameter(args)...});
}

}  // namespace outboxd::postgres
