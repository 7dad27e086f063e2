// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace outboxd::http {

/// The address can't be listened on. The message names the address, the reason and the remedy.
class ListenError : public std::runtime_error {
 public:
  /// What is no address stays none; whatever the system says of one may be another thing later: another process has
  /// the port, the interface or the name isn't there yet.
  enum class Kind { no_address, not_now };

  ListenError(const std::string& text, Kind kind) : std::runtime_error{text}, kind_{kind} {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// `host:port`, taken apart. An IPv6 address stands in brackets: `[::1]:9464`.
struct ListenAddress {
  std::string host;
  std::string port;
};

/// Throws ListenError for anything else than host and port; port 0 stands for any free one.
ListenAddress parse_listen_address(std::string_view text);

/// A listening socket. Throws ListenError. Blocks on name resolution where the host isn't a number.
boost::asio::ip::tcp::acceptor open_listener(const boost::asio::any_io_executor& executor, std::string_view listen);

/// Whether this machine has the address on one of its interfaces.
bool is_of_this_machine(const boost::asio::ip::address& address);

}  // namespace outboxd::http
