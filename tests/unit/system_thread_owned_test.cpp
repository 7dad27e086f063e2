// SPDX-License-Identifier: Apache-2.0
#include "system/thread_owned.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <concepts>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using outboxd::system::ThreadOwned;

namespace {

/// Notes which threads touch it.
struct Value {
  Value(int first, std::vector<std::string>& order) : number{first}, ends{order} {}
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { ends.emplace_back("value"); }

  int number;
  std::vector<std::string>& ends;
};

template <class Owner, class Task>
concept Runs = requires(Owner owner, Task task) {
  owner.run(task);
};

}  // namespace

TEST_CASE("thread-owned: a task has the value on its own thread, and its result comes to the loop") {
  std::vector<std::string> ends;
  asio::io_context loop(1);
  int seen = 0;
  {
    ThreadOwned<Value> owned{"owner", 40, ends};
    asio::co_spawn(
        loop,
        [&]() -> asio::awaitable<void> {
          const auto here = std::this_thread::get_id();
          const auto there = co_await owned.run([](Value& value) {
            ++value.number;
            return std::this_thread::get_id();
          });
          CHECK(there != here);
          const auto again = co_await owned.run([](Value& /*value*/) { return std::this_thread::get_id(); });
          CHECK(again == there);
          seen = co_await owned.run([](Value& value) { return ++value.number; });
          CHECK(std::this_thread::get_id() == here);
        },
        asio::detached);
    loop.run();
    CHECK(ends.empty());
  }
  CHECK(seen == 42);
  CHECK(ends == std::vector<std::string>{"value"});
}

TEST_CASE("thread-owned: the value is an argument of tasks, and nothing else gives it away") {
  // A task that has it from elsewhere doesn't fit.
  static_assert(Runs<ThreadOwned<int>, int (*)(int&)>);
  static_assert(!Runs<ThreadOwned<int>, int (*)()>);
  static_assert(!std::convertible_to<ThreadOwned<int>&, int&>);
  static_assert(!std::copy_constructible<ThreadOwned<int>>);
}
