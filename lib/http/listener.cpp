// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <boost/asio/socket_base.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

namespace outboxd::http {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

[[noreturn]] void fail(std::string_view listen, const std::string& reason,
                       ListenError::Kind kind = ListenError::Kind::no_address) {
  throw ListenError("cannot listen on \"" + std::string(listen) + "\" for HTTP: " + reason +
                        "; set http.listen (or --http-listen) to another host:port, or to \"off\"",
                    kind);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped == end;
}

tcp::acceptor listen_at(const boost::asio::any_io_executor& executor, const tcp::endpoint& endpoint,
                        error_code& error) {
  tcp::acceptor acceptor(executor);
  acceptor.open(endpoint.protocol(), error);
  // Otherwise a restart would have to wait for old connections in TIME_WAIT.
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  return acceptor;
}

struct FreeInterfaces {
  void operator()(ifaddrs* interfaces) const { ::freeifaddrs(interfaces); }
};

bool is_same(const boost::asio::ip::address& address, const sockaddr& other) {
  if (address.is_v4() && other.sa_family == AF_INET) {
    const auto bytes = address.to_v4().to_bytes();
    return std::memcmp(bytes.data(), &reinterpret_cast<const sockaddr_in&>(other).sin_addr, bytes.size()) == 0;
  }
  if (address.is_v6() && other.sa_family == AF_INET6) {
    const auto bytes = address.to_v6().to_bytes();
    return std::memcmp(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(other).sin6_addr, bytes.size()) == 0;
  }
  return false;
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) fail(text, "it has no port");
  const auto port = text.substr(colon + 1);
  auto host = text.substr(0, colon);
  if (!is_port(port)) fail(text, "its port is not a number from 0 to 65535");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    fail(text, "an IPv6 address needs brackets, as in [::1]:9464");
  }
  if (host.empty()) fail(text, "it has no host; 0.0.0.0 stands for every IPv4 address of this machine");
  return {std::string(host), std::string(port)};
}

tcp::acceptor open_listener(const boost::asio::any_io_executor& executor, std::string_view listen) {
  const auto address = parse_listen_address(listen);
  error_code error;
  tcp::resolver resolver(executor);
  const auto endpoints =
      resolver.resolve(address.host, address.port, tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) fail(listen, "its host is not known (" + error.message() + ")", ListenError::Kind::not_now);
  for (const auto& entry : endpoints) {
    auto acceptor = listen_at(executor, entry.endpoint(), error);
    if (!error) return acceptor;
  }
  fail(listen, error.message(), ListenError::Kind::not_now);
}

bool is_of_this_machine(const boost::asio::ip::address& address) {
  if (address.is_loopback()) return true;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return false;
  const std::unique_ptr<ifaddrs, FreeInterfaces> all{first};
  for (const auto* one = all.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr != nullptr && is_same(address, *one->ifa_addr)) return true;
  }
  return false;
}

}  // namespace outboxd::http
