// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/cut_off.hpp"
#include "postgres/statements.hpp"
#include "system/blocking_thread.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace outboxd::postgres {

/// Whether a pooler stands between us and Postgres that hands its sessions from transaction to transaction.
enum class Pooler { found_by_looking, transaction, none };

struct SessionOptions {
  /// As complete_conninfo() returns it.
  std::string conninfo;
  /// For one statement; the server is told, and if it doesn't keep to it the connection is cut shortly after.
  std::chrono::milliseconds statement_timeout{30'000};
  /// What a statement may take at first, before it is tried in parts; 0: as long as any.
  std::chrono::milliseconds usual_timeout{0};
  /// For one lock that a statement waits for; 0: as long as the statement may take.
  std::chrono::milliseconds lock_timeout{0};
  Pooler pooler = Pooler::found_by_looking;
  /// Called on the session's thread when a connection could not be opened, whatever for; may be empty.
  std::function<void()> could_not_open{};
};

/// The settings of a session that is ours alone, as SQL.
[[nodiscard]] std::string session_settings(const SessionOptions& options);

/// One connection to Postgres on a thread of its own, opened when it is needed and opened anew after it is lost. One
/// that was ended while it was idle, by a time-out of the server's or a firewall, is replaced without a word.
class Session {
 public:
  Session(const std::string& thread_name, SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  /// Runs `work(Statements&)` on the session's thread; once more on a new connection where the one at hand proves to
  /// have been lost while it was idle: so that running it twice must do no harm. A failure of Postgres or of the
  /// connection is a StoreError that says what was being done (`purpose`, e.g. "claiming from event_outbox").
  template <class Work>
  dispatch::Awaitable<dispatch::StoreResult<std::invoke_result_t<Work&, Statements&>>> run(std::string purpose,
                                                                                           Work work);

  /// Connections are opened by this from now on; as SessionOptions has it. From any thread.
  void use_conninfo(std::string conninfo);

  /// Calls `ring` once, on the event loop, when the server has notified since forget_notifications(), or has ended
  /// the connection. Needs listen(). Not while work runs.
  void ring_for_input(const boost::asio::any_io_executor& loop, std::function<void()> ring);
  /// `ring` is not called any more. On the event loop.
  void stop_ringing() { watch_.reset(); }

  // For use inside `work`, on the session's thread:

  /// When the connection was last opened to replace a lost one.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> reopened_at() const { return reopened_at_; }
  /// Whether a pooler stands between us and the server, so that session-level locks mean nothing.
  [[nodiscard]] bool is_pooled() const { return pooled_; }
  /// Counts the connections: another number means that what the session held or listened to is gone.
  [[nodiscard]] std::uint64_t connections() const { return connections_; }
  /// Notifications are looked for on this connection from now on.
  void listen() { listens_ = true; }
  void forget_notifications() { was_notified_ = false; }
  /// The connection is of no more use, although it works: the next work gets a new one.
  void reopen() { wanted_anew_ = true; }

 private:
  /// Called when the server sends something unasked.
  struct Watch {
    boost::asio::posix::stream_descriptor socket;
    std::function<void()> ring;
  };

  void ensure_open();
  /// Asks the socket, not the server.
  [[nodiscard]] bool is_usable();
  /// Whether the connection, idle before this work, is no longer there, as far as the error of its first use tells.
  [[nodiscard]] bool was_lost_while_idle(const std::exception& error) const;
  void look_for_notifications();
  void set_up(pqxx::connection& connection);
  void close();
  std::unique_ptr<pqxx::connection> open();
  [[nodiscard]] std::string conninfo();
  std::unique_ptr<pqxx::connection> open_a_host();
  dispatch::StoreError explain(const std::string& purpose, const std::exception& error);

  SessionOptions options_;
  /// Of the options' conninfo.
  std::mutex conninfo_mutex_;
  CutOff cut_off_;
  // Touched on the thread alone.
  std::unique_ptr<pqxx::connection> connection_;
  std::size_t failed_opens_ = 0;
  std::uint64_t connections_ = 0;
  bool pooled_ = false;
  bool listens_ = false;
  bool wanted_anew_ = false;
  /// The server ends sessions that idle.
  bool idling_ends_ = false;
  /// When work ended; nothing: none did on this connection.
  std::optional<std::chrono::steady_clock::time_point> used_at_;
  bool was_idle_ = false;
  StatementMode mode_;
  PreparedStatements prepared_;
  std::optional<std::chrono::steady_clock::time_point> reopened_at_;
  // Touched on the event loop alone, while no work runs.
  std::shared_ptr<Watch> watch_;
  // Written by the thread, and read on the event loop while no work runs.
  bool was_notified_ = false;
  // Last, so that it has ended before what its tasks use is gone.
  system::BlockingThread thread_;
};

template <class Work>
dispatch::Awaitable<dispatch::StoreResult<std::invoke_result_t<Work&, Statements&>>> Session::run(std::string purpose,
                                                                                                  Work work) {
  using Result = dispatch::StoreResult<std::invoke_result_t<Work&, Statements&>>;
  const auto loop = co_await boost::asio::this_coro::executor;
  const CutOff::Guard guard{cut_off_, loop};
  auto result = co_await thread_.run([this, &purpose, &work]() -> Result {
    const auto once = [this, &work]() -> Result {
      ensure_open();
      const CutOff::Work guarded{cut_off_};
      look_for_notifications();
      Result done = [this, &work] {
        Statements statements{*connection_, mode_, prepared_};
        return Result{work(statements)};
      }();
      look_for_notifications();
      used_at_ = std::chrono::steady_clock::now();
      return done;
    };
    try {
      try {
        return once();
      } catch (const std::exception& error) {
        if (!was_lost_while_idle(error)) throw;
      }
      close();
      return once();
    } catch (const std::exception& error) {
      return explain(purpose, error);
    }
  });
  co_return result;
}

}  // namespace outboxd::postgres
