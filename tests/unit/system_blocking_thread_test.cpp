// SPDX-License-Identifier: Apache-2.0
#include "system/blocking_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <future>
#include <memory>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using outboxd::system::BlockingThread;

namespace {

/// Runs the coroutine to its end on a loop of its own, and rethrows its exception.
template <class Body>
void run_loop(Body body) {
  asio::io_context loop(1);
  std::exception_ptr failed;
  bool ended = false;
  asio::co_spawn(loop, body(), [&](const std::exception_ptr& error) {
    failed = error;
    ended = true;
  });
  loop.run();
  CHECK(ended);
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

TEST_CASE("blocking thread: a task runs there and the coroutine resumes on the loop with its result") {
  BlockingThread thread("worker");
  run_loop([&]() -> asio::awaitable<void> {
    const auto loop_thread = std::this_thread::get_id();
    const auto task_thread = co_await thread.run([] { return std::this_thread::get_id(); });
    CHECK(task_thread != loop_thread);
    CHECK(std::this_thread::get_id() == loop_thread);
    const auto moved_only = co_await thread.run([] { return std::make_unique<int>(7); });
    CHECK(*moved_only == 7);
    bool ran = false;
    co_await thread.run([&] { ran = true; });
    CHECK(ran);
  });
}

TEST_CASE("blocking thread: a result need not be default constructible") {
  struct Measured {
    explicit Measured(int n) : number(n) {}
    int number;
  };
  BlockingThread thread("worker");
  run_loop([&]() -> asio::awaitable<void> {
    const Measured measured = co_await thread.run([] { return Measured(3); });
    CHECK(measured.number == 3);
  });
}

TEST_CASE("blocking thread: an exception reaches the coroutine, and the thread goes on") {
  BlockingThread thread("worker");
  run_loop([&]() -> asio::awaitable<void> {
    std::string message;
    try {
      co_await thread.run([] { throw std::runtime_error("no route"); });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "no route");
    const int answer = co_await thread.run([] { return 42; });
    CHECK(answer == 42);
  });
}

TEST_CASE("blocking thread: tasks of several coroutines run in the order they were queued") {
  BlockingThread thread("worker");
  std::vector<int> order;
  asio::io_context loop(1);
  std::promise<void> gate;
  int ended = 0;
  const auto spawn = [&](auto body) {
    asio::co_spawn(loop, std::move(body), [&](const std::exception_ptr& error) { ended += error ? 0 : 1; });
  };
  spawn([&]() -> asio::awaitable<void> { co_await thread.run([&] { gate.get_future().wait(); }); });
  for (int i = 0; i < 100; ++i) {
    spawn([&, i]() -> asio::awaitable<void> { co_await thread.run([&order, i] { order.push_back(i); }); });
  }
  asio::post(loop, [&] { gate.set_value(); });
  loop.run();
  CHECK(ended == 101);
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("blocking thread: a task in flight keeps the loop alive") {
  BlockingThread thread("worker");
  asio::io_context loop(1);
  std::promise<void> gate;
  bool resumed = false;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        co_await thread.run([&] { gate.get_future().wait(); });
        resumed = true;
      },
      [](const std::exception_ptr&) {});
  loop.poll();
  CHECK_FALSE(loop.stopped());
  gate.set_value();
  loop.run();
  CHECK(resumed);
}

TEST_CASE("blocking thread: destruction runs the queued tasks; their results are dropped if the loop is stopped") {
  int ran = 0;
  int resumed = 0;
  auto witness = std::make_shared<int>(0);
  {
    asio::io_context loop(1);
    std::promise<void> gate;
    {
      BlockingThread thread("worker");
      for (int i = 0; i < 10; ++i) {
        asio::co_spawn(
            loop,
            [&, i]() -> asio::awaitable<void> {
              const auto result = co_await thread.run([&, i] {
                if (i == 0) gate.get_future().wait();
                ++ran;
                return witness;
              });
              ++resumed;
            },
            [](const std::exception_ptr&) {});
      }
      loop.poll();
      loop.stop();
      gate.set_value();
    }
    CHECK(ran == 10);
  }
  CHECK(resumed == 0);
  CHECK(witness.use_count() == 1);
}

TEST_CASE("blocking thread: it has its name, and all signals are blocked") {
  BlockingThread thread("claim:a-very-long-dispatcher");
  run_loop([&]() -> asio::awaitable<void> {
    std::array<char, 16> name{};
    sigset_t mask{};
    co_await thread.run([&] {
      pthread_getname_np(pthread_self(), name.data(), name.size());
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    });
    CHECK(std::string(name.data()) == "claim:a-very-lo");
    CHECK(sigismember(&mask, SIGTERM) == 1);
    CHECK(sigismember(&mask, SIGUSR1) == 1);
  });
  sigset_t own{};
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  CHECK(sigismember(&own, SIGUSR1) == 0);
}
