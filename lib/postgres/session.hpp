// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/connection.hpp"
#include "postgres/current_conninfo.hpp"
#include "postgres/input_watch.hpp"
#include "postgres/reconnecting_connection.hpp"
#include "postgres/session_options.hpp"
#include "postgres/socket_watchdog.hpp"
#include "postgres/statements.hpp"
#include "system/thread_owned.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace outboxd::postgres {

/// For a session whose work keeps no state.
struct NoState {};

/// A connection to Postgres on a thread of its own, and the `State` of the work that runs there. The thread owns
/// both: only that work can reach them, as its arguments, and only its result returns to the event loop.
template <class State = NoState>
class Session {
 public:
  /// The state is constructed from `arguments`.
  template <class... Arguments>
  Session(const std::string& thread_name, const SessionOptions& options, Arguments&&... arguments)
      : conninfo_{options.conninfo},
        watchdog_{options.statement_timeout + kGrace},
        owned_{thread_name, options, conninfo_, watchdog_, std::forward<Arguments>(arguments)...} {}

  /// Runs `work(Statements&, Connection&, State&)` on the session's thread; once more on a new connection if the
  /// current one proves to have been lost while it was idle, so that running it twice must do no harm. A failure of
  /// Postgres or of the connection is a StoreError that names the purpose (`purpose`, e.g. "claiming from
  /// event_outbox").
  template <class Work>
  dispatch::Awaitable<dispatch::StoreResult<std::invoke_result_t<Work&, Statements&, Connection&, State&>>> run(
      std::string purpose, Work work);

  /// Sets the connection string for new connections; as in SessionOptions. From any thread.
  void use_conninfo(std::string conninfo) { conninfo_.replace(std::move(conninfo)); }

  /// Calls `notify` once, on the event loop, when the server has notified since Connection::forget_notifications(),
  /// or has ended the connection. Needs Connection::listen(). Not while work runs.
  void notify_on_input(const boost::asio::any_io_executor& loop, std::function<void()> notify) {
    input_.notify_on_input(loop, watchdog_, std::move(notify));
  }
  /// Afterwards `notify` is not called.
  void stop_notifying() { input_.stop_notifying(); }

 private:
  // The time beyond the server's own time-out, for the way there and back.
  static constexpr std::chrono::seconds kGrace{2};

  struct Owned {
    template <class... Arguments>
    Owned(const SessionOptions& options, const CurrentConninfo& conninfo, SocketWatchdog& socket_watchdog,
          Arguments&&... arguments)
        : connection{options, conninfo, socket_watchdog}, state{std::forward<Arguments>(arguments)...} {}

    ReconnectingConnection connection;
    State state;
  };
  template <class Result>
  struct Done {
    Result result;
    bool notified;
  };

  CurrentConninfo conninfo_;
  SocketWatchdog watchdog_;
  InputWatch input_;
  // Last, so that its thread has ended before the members that its tasks use are destroyed.
  system::ThreadOwned<Owned> owned_;
};

template <class State>
template <class Work>
dispatch::Awaitable<dispatch::StoreResult<std::invoke_result_t<Work&, Statements&, Connection&, State&>>>
Session<State>::run(std::string purpose, Work work) {
  using Result = dispatch::StoreResult<std::invoke_result_t<Work&, Statements&, Connection&, State&>>;
  const auto loop = co_await boost::asio::this_coro::executor;
  const SocketWatchdog::Guard guard{watchdog_, loop};
  auto done = co_await owned_.run([&purpose, &work](Owned& owned) {
    auto result = owned.connection.run(purpose, [&](Statements& statements, Connection& connection) {
      return work(statements, connection, owned.state);
    });
    return Done<Result>{std::move(result), owned.connection.was_notified()};
  });
  input_.worked(done.notified);
  co_return std::move(done.result);
}

}  // namespace outboxd::postgres
