// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

namespace outboxd::postgres {

/// Cuts a connection whose work takes too long.
///
/// libpq blocks, and a server that accepts a connection but never answers would block it for ever. So the event loop
/// keeps a second descriptor of the same socket and shuts it down when the work takes too long, which ends libpq's
/// wait.
class SocketWatchdog {
 public:
  explicit SocketWatchdog(std::chrono::milliseconds limit) : state_{std::make_shared<State>(limit)} {}

  /// Sets the connection to cut; -1: none. To be called on the session's thread.
  void set_socket(int socket) { state_->set_socket(socket); }

  /// Another descriptor of the socket, to be closed by the caller; -1: there is none.
  [[nodiscard]] int duplicate() const { return state_->duplicate(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct State {
    explicit State(std::chrono::milliseconds most) : limit{most} {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { set_socket(-1); }
    void set_socket(int socket);
    int duplicate();
    void cut();

    const std::chrono::milliseconds limit;
    /// When the current work began; the zero time: no work is going on.
    std::atomic<Clock::time_point> began{Clock::time_point{}};

   private:
    std::mutex mutex_;
    /// A duplicate, so that cutting it can never hit a descriptor that was reused.
    int descriptor_ = -1;
  };

 public:
  /// One piece of work under the limit, from construction to destruction. On the session's thread.
  class Work {
   public:
    explicit Work(const SocketWatchdog& socket_watchdog) : state_{*socket_watchdog.state_} {
      state_.began = Clock::now();
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    ~Work() { state_.began = Clock::time_point{}; }

   private:
    State& state_;
  };

  /// Watches the work as long as the guard lives. On the event loop.
  class Guard {
   public:
    Guard(const SocketWatchdog& socket_watchdog, const boost::asio::any_io_executor& loop);
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

   private:
    struct Watch {
      boost::asio::steady_timer timer;
      std::shared_ptr<State> state;
      bool over = false;
    };
    static void look_at(const std::shared_ptr<Watch>& watch, Clock::time_point when);

    std::shared_ptr<Watch> watch_;
  };

 private:
  std::shared_ptr<State> state_;
};

}  // namespace outboxd::postgres
