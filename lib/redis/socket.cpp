// SPDX-License-Identifier: Apache-2.0
#include "redis/socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <sys/socket.h>
#include <sys/un.h>
#include <vector>

namespace outboxd::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

using Addresses = std::vector<asio::generic::stream_protocol::endpoint>;

struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver{executor}, until{executor} {}

  asio::ip::tcp::resolver resolver;
  asio::steady_timer until;
  error_code error = asio::error::timed_out;
  Addresses found;
};

/// A look-up blocks a thread of the loop's and can't be ended; one that takes too long is left to itself.
asio::awaitable<std::pair<error_code, Addresses>> look_up(const Endpoint& endpoint, TimePoint deadline) {
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->until.expires_at(deadline);
  lookup->resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                                 [lookup](error_code error, const asio::ip::tcp::resolver::results_type& results) {
                                   lookup->error = error;
                                   for (const auto& entry : results) lookup->found.emplace_back(entry.endpoint());
                                   lookup->until.cancel();
                                 });
  co_await lookup->until.async_wait(kAsTuple);
  co_return std::pair{lookup->error, lookup->found};
}

asio::awaitable<std::pair<error_code, Addresses>> addresses_of(const Endpoint& endpoint, TimePoint deadline) {
  if (endpoint.unix_path.empty()) co_return co_await look_up(endpoint, deadline);
  Addresses addresses;
  auto error = boost::system::errc::make_error_code(boost::system::errc::filename_too_long);
  if (endpoint.unix_path.size() < sizeof(sockaddr_un::sun_path)) {
    addresses.emplace_back(asio::local::stream_protocol::endpoint{endpoint.unix_path});
    error = {};
  }
  co_return std::pair{error_code{error}, addresses};
}

}  // namespace

/// Ends the socket's operation when its time is over, unless it goes out of scope before. What the peer has sent
/// until then can still be read.
class Socket::Deadline {
 public:
  Deadline(Socket& socket, TimePoint when) : timer_{socket.socket_.get_executor(), when} {
    timer_.async_wait([state = state_, &socket](error_code error) {
      // An expiry that was already queued when the operation ended must not touch what may be gone.
      if (error || state->over) return;
      state->expired = true;
      error_code ignored;
      socket.socket_.cancel(ignored);
    });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() { state_->over = true; }

  [[nodiscard]] error_code judge(error_code error) const {
    return state_->expired ? error_code{asio::error::timed_out} : error;
  }

 private:
  struct State {
    bool expired = false;
    bool over = false;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
  asio::steady_timer timer_;
};

asio::awaitable<error_code> Socket::connect_to(asio::generic::stream_protocol::endpoint address, TimePoint deadline) {
  close();
  const Deadline guard{*this, deadline};
  auto [error] = co_await socket_.async_connect(address, kAsTuple);
  co_return guard.judge(error);
}

asio::awaitable<error_code> Socket::connect(const Endpoint& endpoint, TimePoint deadline) {
  auto [error, addresses] = co_await addresses_of(endpoint, deadline);
  for (std::size_t left = addresses.size(); left > 0; --left) {
    // An address that swallows everything must leave time for the others.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<int>(left);
    error = co_await connect_to(addresses[addresses.size() - left], now + share);
    if (!error) break;
  }
  if (!error && endpoint.unix_path.empty()) {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  }
  if (error) close();
  co_return error;
}

asio::awaitable<Transfer> Socket::write_all(std::string_view bytes, TimePoint deadline) {
  const Deadline guard{*this, deadline};
  auto [error, count] = co_await asio::async_write(socket_, asio::buffer(bytes), kAsTuple);
  co_return Transfer{guard.judge(error), count};
}

asio::awaitable<Transfer> Socket::read_some(std::span<char> buffer, TimePoint deadline) {
  const Deadline guard{*this, deadline};
  auto [error, count] = co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAsTuple);
  co_return Transfer{guard.judge(error), count};
}

void Socket::end_sending() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void Socket::close() {
  error_code ignored;
  socket_.close(ignored);
}

bool Socket::is_stale() {
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace outboxd::redis
