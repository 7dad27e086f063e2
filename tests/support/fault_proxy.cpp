// SPDX-License-Identifier: Apache-2.0
#include "support/fault_proxy.hpp"

#include "support/socket.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace outboxd::test {
namespace {

constexpr int kWaitingClients = 64;

int new_tcp_socket() {
  return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/// Binds to a port number explicitly: the socket then keeps the port while it doesn't listen, and with SO_REUSEADDR
/// it may listen again while accepted connections exist.
std::uint16_t bind_to_free_port(int fd) {
  constexpr int kTries = 10;
  constexpr int kYes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &kYes, sizeof kYes);
  for (int i = 0; i < kTries; ++i) {
    const auto port = free_port();
    const auto address = loopback(port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
  throw std::system_error(errno, std::generic_category(), "a proxy on loopback");
}

void without_waiting(int fd) {
  constexpr int kYes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kYes, sizeof kYes);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
}

void close_with_reset(int& fd) {
  if (fd < 0) return;
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(fd, -1));
}

}  // namespace

FaultProxy::FaultProxy(std::uint16_t target_port, std::uint32_t seed) : target_(target_port), random_(seed) {
  listener_ = new_tcp_socket();
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  port_ = bind_to_free_port(listener_);
  if (::listen(listener_, kWaitingClients) != 0) throw std::system_error(errno, std::generic_category(), "listen");
  ::fcntl(listener_, F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { serve(); });
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock{mutex_};
    over_ = true;
    changed_.notify_all();
  }
  wake();
  thread_.join();
  for (auto& link : links_) reset(link);
  ::close(listener_);
  ::close(wake_fd_);
}

void FaultProxy::wake() const {
  const std::uint64_t one = 1;
  // A write that fails because the counter is full is fine, as the thread wakes anyway.
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void FaultProxy::delay(std::chrono::milliseconds each_way) {
  const std::lock_guard lock{mutex_};
  delay_ = each_way;
}

void FaultProxy::go_silent(bool silent) {
  const std::lock_guard lock{mutex_};
  silent_ = silent;
  wake();
}

void FaultProxy::refuse(bool refuse) {
  const std::lock_guard lock{mutex_};
  refuses_ = refuse;
}

void FaultProxy::go_away(bool away) {
  const std::lock_guard lock{mutex_};
  away_ = away;
  if (away) {
    ::shutdown(listener_, SHUT_RD);
  } else if (::listen(listener_, kWaitingClients) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen");
  }
  wake();
}

void FaultProxy::cut_all() {
  const std::lock_guard lock{mutex_};
  cut_all_ = true;
  wake();
}

void FaultProxy::wait_for(std::string_view text, Phase phase, std::chrono::milliseconds deadline) {
  std::unique_lock lock{mutex_};
  wanted_ = Moment{std::string(text), phase};
  if (changed_.wait_for(lock, deadline, [this] { return stopped_; })) return;
  wanted_.reset();
  throw std::runtime_error("no request with \"" + std::string(text) + "\" came through the proxy");
}

void FaultProxy::go_on(Then then) {
  const std::lock_guard lock{mutex_};
  then_ = then;
  stopped_ = false;
  changed_.notify_all();
}

FaultProxy::Then FaultProxy::stop_here() {
  for (auto& link : links_) link.awaits_answer = false;
  std::unique_lock lock{mutex_};
  wanted_.reset();
  stopped_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return over_ || then_; });
  return std::exchange(then_, std::nullopt).value_or(Then::pass);
}

bool FaultProxy::is_the_moment(Link& link, bool from_client, const std::string& bytes) {
  const std::lock_guard lock{mutex_};
  if (!wanted_) return false;
  if (!from_client) return std::exchange(link.awaits_answer, false);
  const bool has_text = bytes.find(wanted_->text) != std::string::npos;
  if (has_text && wanted_->phase != Phase::asked) link.awaits_answer = true;
  return has_text && wanted_->phase == Phase::asked;
}

void FaultProxy::read_from(Link& link, bool from_client) {
  std::array<char, 65536> chunk{};
  const auto got = ::recv(from_client ? link.client : link.server, chunk.data(), chunk.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    // A normal end is passed on after the bytes before it; a reset is passed on at once.
    (from_client ? link.to_server : link.to_client).ended = true;
    link.broken = link.broken || got < 0;
    return;
  }
  std::string bytes(chunk.data(), static_cast<std::size_t>(got));
  if (link.swallows) return;
  if (!is_the_moment(link, from_client, bytes)) return keep(link, from_client, std::move(bytes));
  const bool passes_first = [this] {
    const std::lock_guard lock{mutex_};
    return wanted_->phase == Phase::answered;
  }();
  if (passes_first) {
    keep(link, from_client, std::exchange(bytes, {}));
    forward(link, false);
  }
  treat(link, from_client, std::move(bytes), stop_here());
}

void FaultProxy::treat(Link& link, bool from_client, std::string bytes, Then then) {
  switch (then) {
    case Then::pass:
      return keep(link, from_client, std::move(bytes));
    case Then::cut_half:
      keep(link, from_client, bytes.substr(0, bytes.size() / 2));
      forward(link, from_client);
      link.broken = true;
      return;
    case Then::cut:
      link.broken = true;
      return;
    case Then::garble:
      for (auto& byte : bytes) byte = static_cast<char>(random_() & 0xFFU);
      return keep(link, from_client, std::move(bytes));
    case Then::swallow:
      link.swallows = true;
      return;
  }
}

void FaultProxy::keep(Link& link, bool from_client, std::string bytes) {
  if (bytes.empty()) return;
  const std::lock_guard lock{mutex_};
  (from_client ? link.to_server : link.to_client).bytes.push_back({Clock::now() + delay_, std::move(bytes)});
}

void FaultProxy::forward(Link& link, bool to_server) {
  auto& way = to_server ? link.to_server : link.to_client;
  const int fd = to_server ? link.server : link.client;
  while (!way.bytes.empty() && way.bytes.front().due <= Clock::now() && !link.broken) {
    auto& bytes = way.bytes.front().bytes;
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent < 0) {
      link.broken = true;
      return;
    }
    bytes.erase(0, static_cast<std::size_t>(sent));
    if (bytes.empty()) way.bytes.pop_front();
  }
}

void FaultProxy::accept_one() {
  int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const bool refuses = [this] {
    const std::lock_guard lock{mutex_};
    return refuses_;
  }();
  int server = refuses ? -1 : new_tcp_socket();
  const auto address = loopback(target_);
  if (refuses || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close_with_reset(client);
    close_with_reset(server);
    return;
  }
  without_waiting(client);
  without_waiting(server);
  links_.emplace_back();
  links_.back().client = client;
  links_.back().server = server;
}

void FaultProxy::reset(Link& link) {
  close_with_reset(link.client);
  close_with_reset(link.server);
}

void FaultProxy::serve() {
  for (;;) {
    bool silent = false;
    bool away = false;
    {
      const std::lock_guard lock{mutex_};
      if (over_) return;
      silent = silent_;
      away = away_;
      if (std::exchange(cut_all_, false)) {
        for (auto& link : links_) link.broken = true;
      }
    }
    std::vector<pollfd> watched{{away ? -1 : listener_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    bool waiting = false;
    for (auto& link : links_) {
      if (!silent) forward(link, true);
      if (!silent) forward(link, false);
      const bool client_done = link.to_server.ended && (link.to_server.bytes.empty() || silent);
      const bool server_done = link.to_client.ended && (link.to_client.bytes.empty() || silent);
      if (client_done || server_done || link.broken) {
        reset(link);
        continue;
      }
      waiting = waiting || !link.to_server.bytes.empty() || !link.to_client.bytes.empty();
      watched.push_back({link.client, static_cast<short>(link.to_server.ended ? 0 : POLLIN), 0});
      watched.push_back({link.server, static_cast<short>(link.to_client.ended ? 0 : POLLIN), 0});
    }
    links_.remove_if([](const Link& link) { return link.client < 0; });
    // If bytes are delayed, or a socket was full, try again soon.
    ::poll(watched.data(), watched.size(), waiting ? 2 : -1);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &count, sizeof count);
    auto at = watched.begin() + 2;
    for (auto& link : links_) {
      const auto client = at++;
      const auto server = at++;
      if (client->revents != 0 && !link.to_server.ended) read_from(link, true);
      if (server->revents != 0 && !link.to_client.ended) read_from(link, false);
    }
    if (watched[0].revents != 0) accept_one();
  }
}

}  // namespace outboxd::test
