// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

namespace outboxd::system {

/// A named thread with all signals blocked. It runs one task at a time, first in, first out. Calls to blocking
/// libraries run here, and coroutines of the event loop await them. The destructor runs all queued tasks and joins
/// the thread; destroy it before the `io_context` of the awaiting coroutines.
class BlockingThread {
 public:
  /// `name` is shown by debuggers and `ps -L`; it is cut to the 15 characters that Linux keeps.
  explicit BlockingThread(const std::string& name);
  ~BlockingThread();
  BlockingThread(const BlockingThread&) = delete;
  BlockingThread& operator=(const BlockingThread&) = delete;

  /// Runs `task()` on the thread; the awaiting coroutine resumes on its own executor with the result or the
  /// exception. A queued or running task can't be cancelled, and the coroutine always awaits its end. So a task may
  /// capture the coroutine's locals by reference; it must, as only references and plain values are accepted.
  template <class F>
  boost::asio::awaitable<std::invoke_result_t<F&>> run(F task);

 private:
  struct Task {
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    virtual ~Task() = default;
    virtual void run() noexcept = 0;
  };

  template <class F, class Handler>
  class AwaitedTask;

  void enqueue(std::unique_ptr<Task> task);
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Task>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

namespace detail {

/// The result or the exception of a task; `void` counts as a result.
template <class R>
class TaskResult {
 public:
  using Value = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

  template <class F>
  explicit TaskResult(std::in_place_t /*run it*/, F& task) {
    try {
      if constexpr (std::is_void_v<R>) {
        std::invoke(task);
        state_.template emplace<1>();
      } else {
        state_.template emplace<1>(std::invoke(task));
      }
    } catch (...) {
      state_.template emplace<2>(std::current_exception());
    }
  }

  R take() && {
    if (auto* error = std::get_if<2>(&state_)) std::rethrow_exception(std::move(*error));
    if constexpr (!std::is_void_v<R>) return std::move(std::get<1>(state_));
  }

 private:
  std::variant<std::monostate, Value, std::exception_ptr> state_;
};

}  // namespace detail

template <class F, class Handler>
class BlockingThread::AwaitedTask final : public Task {
 public:
  AwaitedTask(F function, Handler handler)
      : function_(function),
        handler_(std::move(handler)),
        loop_has_work_(boost::asio::get_associated_executor(handler_)) {}

  void run() noexcept override {
    detail::TaskResult<std::invoke_result_t<F&>> result(std::in_place, function_);
    const auto executor = loop_has_work_.get_executor();
    boost::asio::post(executor, [handler = std::move(handler_), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    });
    // Not earlier: until the result is posted, only this guard keeps an otherwise idle loop from returning.
    loop_has_work_.reset();
  }

 private:
  F function_;
  Handler handler_;
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> loop_has_work_;
};

template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> BlockingThread::run(F task) {
  using Result = detail::TaskResult<std::invoke_result_t<F&>>;
  static_assert(!std::is_reference_v<std::invoke_result_t<F&>>, "a reference into the thread's data would be shared");
  // g++ 12 destroys the captures of a closure twice if the closure is written inside the co_await expression.
  static_assert(std::is_trivially_copyable_v<F>, "let the task capture by reference what the coroutine owns");
  auto initiate = [this](auto handler, F function) {
    using Bound = AwaitedTask<F, decltype(handler)>;
    enqueue(std::make_unique<Bound>(function, std::move(handler)));
  };
  Result result = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result)>(
      std::move(initiate), boost::asio::use_awaitable, task);
  co_return std::move(result).take();
}

}  // namespace outboxd::system
