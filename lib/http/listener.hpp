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
  /// `no_address`: the text is no valid address, so retrying is useless. `not_now`: the system refuses the address,
  /// which may change: another process has the port, or the interface or the host name doesn't exist yet.
  enum class Kind { no_address, not_now };

  ListenError(const std::string& text, Kind kind) : std::runtime_error{text}, kind_{kind} {}

  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// The parts of `host:port`. An IPv6 address stands in brackets: `[::1]:9464`.
struct ListenAddress {
  std::string host;
  std::string port;
};

/// Throws ListenError unless the text has a host and a port; port 0 stands for any free port.
ListenAddress parse_listen_address(std::string_view text);

/// Opens a listening socket. Throws ListenError. Blocks on name resolution if the host is a name.
boost::asio::ip::tcp::acceptor open_listener(const boost::asio::any_io_executor& executor, std::string_view listen);

/// Whether this machine has the address on one of its interfaces.
bool is_of_this_machine(const boost::asio::ip::address& address);

}  // namespace outboxd::http
