// SPDX-License-Identifier: Apache-2.0
#include "support/socket.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace outboxd::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int new_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  return fd;
}

}  // namespace

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Socket::Socket(int fd) : fd_(fd) {
  constexpr timeval kLimit{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof kLimit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kLimit, sizeof kLimit);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket Socket::tcp(std::uint16_t port) {
  Socket socket(new_socket(AF_INET));
  const auto address = loopback(port);
  if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect to 127.0.0.1:" + std::to_string(port));
  }
  return socket;
}

Socket Socket::unix_domain(const std::filesystem::path& path) {
  Socket socket(new_socket(AF_UNIX));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.string().size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path.string());
  std::memcpy(address.sun_path, path.c_str(), path.string().size() + 1);
  if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect to " + path.string());
  }
  return socket;
}

void Socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Socket::receive() {
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("receive");
    return {buffer.data(), static_cast<std::size_t>(got)};
  }
}

std::uint16_t free_port() {
  const int fd = new_socket(AF_INET);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ::close(fd);
    fail("bind");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace outboxd::test
