// SPDX-License-Identifier: Apache-2.0
#include "redis/lookup.hpp"

#include "system/signals_blocked.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace outboxd::redis {

namespace asio = boost::asio;
using boost::system::error_code;

std::shared_ptr<Lookup> Lookup::begin(std::string host, std::uint16_t port) {
  auto lookup = std::make_shared<Lookup>();
  try {
    const system::AllSignalsBlocked blocked;
    std::thread{[lookup, host = std::move(host), port] { lookup->run(host, port); }}.detach();
  } catch (const std::system_error& error) {
    lookup->end(error.code(), {});
  }
  return lookup;
}

void Lookup::run(const std::string& host, std::uint16_t port) {
  error_code error;
  Addresses found;
  try {
    asio::io_context own;
    asio::ip::tcp::resolver resolver{own};
    for (const auto& entry : resolver.resolve(host, std::to_string(port), error))
      found.emplace_back(entry.endpoint());
  } catch (const boost::system::system_error& thrown) {
    error = thrown.code();
  } catch (const std::bad_alloc&) {
    error = asio::error::no_memory;
  }
  end(error, std::move(found));
}

void Lookup::end(error_code error, Addresses found) {
  const std::lock_guard lock{mutex_};
  done_ = true;
  error_ = error;
  found_ = std::move(found);
  if (wake_) wake_();
}

bool Lookup::wake_by(std::function<void()> wake) {
  const std::lock_guard lock{mutex_};
  wake_ = std::move(wake);
  return done_;
}

asio::awaitable<error_code> Lookup::wait(Addresses& addresses, TimePoint deadline) {
  // The thread may outlive the event loop, so it must not keep the function that wakes us.
  struct Forgetting {
    Lookup& lookup;
    ~Forgetting() { lookup.wake_by(nullptr); }
  };
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor, deadline);
  const Forgetting forgetting{*this};
  bool done = wake_by([executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); });
  if (!done) {
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    done = wake_by(nullptr);
  }
  if (!done) co_return asio::error::timed_out;
  addresses = found_;
  co_return error_;
}

}  // namespace outboxd::redis
