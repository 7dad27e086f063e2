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
  std::string bearer;  ///< What guarded routes ask for; empty leaves them open.
  /// For reading one request (silence between two included), and again for writing its answer.
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(5);
  /// When there are more, one gives way (places.hpp). A sixteenth of them, and one at least, is kept for probes.
  std::size_t max_connections = 64;
  /// After so many a connection ends, so that no client keeps one for itself.
  std::size_t max_requests = 100;
  /// Called for each wrong bearer token, with the address that it came from; on the event loop.
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

  /// The port it listens on.
  [[nodiscard]] std::uint16_t port() const;

  /// Whether it can be reached from this machine alone.
  [[nodiscard]] bool is_on_loopback() const;

  /// What guarded routes ask for from now on; empty leaves them open.
  void use_bearer(std::string bearer);

  /// Accepts no more, closes what is idle at once and the rest after the answer in hand: within `deadline` nothing of
  /// the server is left on the loop. No page is made after this returns.
  void stop();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace outboxd::http
