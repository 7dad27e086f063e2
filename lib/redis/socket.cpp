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
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

namespace outboxd::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

using Addresses = Lookup::Addresses;

error_code address_of(const std::string& unix_path, Addresses& addresses) {
  if (unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return make_error_code(boost::system::errc::filename_too_long);
  }
  addresses.emplace_back(asio::local::stream_protocol::endpoint{unix_path});
  return {};
}

}  // namespace

/// Cancels the socket's operation at the deadline, unless this object goes out of scope before. Bytes that the peer
/// has sent until then can still be read.
class Socket::Deadline {
 public:
  Deadline(Socket& socket, TimePoint when) : timer_{socket.socket_.get_executor(), when} {
    timer_.async_wait([state = state_, &socket](error_code error) {
      // The expiry may have been queued before the operation ended; the socket may be gone by now.
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
  error_code error;
  Addresses addresses;
  if (endpoint.unix_path.empty()) {
    if (!lookup_) lookup_ = Lookup::begin(endpoint.host, endpoint.port);
    error = co_await lookup_->wait(addresses, deadline);
    // If the look-up takes too long, the next connect() waits for it, too, instead of starting another.
    if (error != asio::error::timed_out) lookup_ = nullptr;
  } else {
    error = address_of(endpoint.unix_path, addresses);
  }
  for (std::size_t left = addresses.size(); left > 0; --left) {
    // An address that drops packets must leave time for the other addresses.
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
