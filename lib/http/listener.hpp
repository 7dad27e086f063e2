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
  using std::runtime_error::runtime_error;
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
