// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace outboxd::dispatch {

/// A bounded queue between two coroutines of one event loop.
///
/// The end is pushed like an item, as closing the channel would drop its buffered items (Boost 1.81).
template <class T>
class Queue {
 public:
  Queue(const boost::asio::any_io_executor& executor, std::size_t capacity) : channel_{executor, capacity} {}

  /// Waits while the queue is full.
  Awaitable<void> push(T item) { return send(std::move(item)); }

  /// Pushes the end: no item will follow. Waits while the queue is full.
  Awaitable<void> push_end() { return send(std::nullopt); }

  /// Waits while the queue is empty; returns nothing once the end has come.
  Awaitable<std::optional<T>> pop() {
    auto [error, item] = co_await channel_.async_receive(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return std::move(item);
  }

 private:
  Awaitable<void> send(std::optional<T> item) {
    co_await channel_.async_send(boost::system::error_code{}, std::move(item),
                                 boost::asio::as_tuple(boost::asio::use_awaitable));
  }

  boost::asio::experimental::channel<void(boost::system::error_code, std::optional<T>)> channel_;
};

}  // namespace outboxd::dispatch
