// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/blocking_thread.hpp"

#include <string>
#include <type_traits>
#include <utility>

namespace outboxd::system {

/// A value that a thread of its own owns: it is reachable only as the argument of the tasks that run there, one after
/// the other, so that code on the event loop can't name it. What crosses is a task's result.
template <class T>
class ThreadOwned {
 public:
  /// The value is made of `arguments` before its thread begins, and destroyed after the thread has ended.
  template <class... Arguments>
  explicit ThreadOwned(const std::string& thread_name, Arguments&&... arguments)
      : value_(std::forward<Arguments>(arguments)...), thread_{thread_name} {}

  /// Runs `task(value)` as BlockingThread::run() does. No coroutine of its own, so that it costs no further frame.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&, T&>> run(F task) {
    return thread_.run([task, &value = value_]() mutable { return task(value); });
  }

 private:
  T value_;
  // Last, so that it has ended before the value is gone.
  BlockingThread thread_;
};

}  // namespace outboxd::system
