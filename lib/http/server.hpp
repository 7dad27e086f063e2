// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/listener.hpp"
#include "http/route.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace outboxd::http {

/// How to serve.
struct ServerOptions {
  std::string listen;  ///< `host:port`; port 0 takes any free one.
  std::string bearer;  ///< The bearer token that guarded routes require; empty: no token is required.
  /// The time to read one request (including the idle time before it), and again to write its answer.
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(5);
  /// Beyond this, the server evicts a connection (connection_slots.hpp). A sixteenth of the slots, and at least one,
  /// is reserved for probes.
  std::size_t max_connections = 64;
  /// A connection is closed after this many requests, so that no client occupies a slot for ever.
  std::size_t max_requests = 100;
  /// Called on the event loop for each wrong bearer token, with the client's address.
  std::function<void(const std::string& peer)> wrong_token{};
};

/// A small HTTP/1.1 server for scrapes and probes, on an event loop that one thread runs: no TLS, no request bodies.
/// One client's errors never affect another.
class Server {
 public:
  /// Listens when it returns; serves while the loop runs. Throws ListenError. May block on DNS for a host name.
  Server(const boost::asio::any_io_executor& executor, ServerOptions options, Routes routes);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port on which the server listens.
  [[nodiscard]] std::uint16_t port() const;

  /// Whether only this machine can reach the server.
  [[nodiscard]] bool is_on_loopback() const;

  /// Sets the bearer token that guarded routes require from now on; empty: no token is required.
  void use_bearer(std::string bearer);

  /// Stops accepting, closes idle connections at once and the others after the answer that they are writing. Within
  /// `deadline` nothing of the server is left on the loop. No page is made after this returns.
  void stop();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace outboxd::http
