// SPDX-License-Identifier: Apache-2.0
#include "support/fake_redis.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace outboxd::test {
namespace {

constexpr std::size_t kChunk = 16384;

/// Ends a script without an error.
struct ScriptOver : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads a line `<kind><number>\r\n` at `at` and moves `at` behind it; empty if the line is incomplete.
std::optional<std::size_t> take_number(const std::string& text, std::size_t& at, char kind) {
  const auto end = text.find("\r\n", at);
  if (end == std::string::npos) return std::nullopt;
  std::size_t number = 0;
  const auto parsed = std::from_chars(text.data() + at + 1, text.data() + end, number);
  if (text[at] != kind || parsed.ec != std::errc{}) throw std::runtime_error("the client sent what is no command");
  at = end + 2;
  return number;
}

}  // namespace

void FakePeer::wait_for(short events) const {
  std::array<pollfd, 2> watched{pollfd{fd_, events, 0}, pollfd{stop_fd_, POLLIN, 0}};
  while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  if (watched[1].revents != 0) throw ScriptOver("the test has ended");
}

void FakePeer::read_more(std::size_t most) {
  wait_for(POLLIN);
  std::array<char, kChunk> chunk{};
  const auto got = ::recv(fd_, chunk.data(), std::min(most, chunk.size()), 0);
  if (got <= 0) throw ScriptOver("the client has gone");
  bytes_read_ += static_cast<std::size_t>(got);
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
}

bool FakePeer::take_command(std::vector<std::string>& command) {
  std::size_t at = 0;
  const auto count = take_number(buffer_, at, '*');
  if (!count) return false;
  command.clear();
  while (command.size() < *count) {
    const auto length = take_number(buffer_, at, '$');
    if (!length || buffer_.size() < at + *length + 2) return false;
    command.push_back(buffer_.substr(at, *length));
    at += *length + 2;
  }
  buffer_.erase(0, at);
  return true;
}

std::vector<std::string> FakePeer::read_any() {
  std::vector<std::string> command;
  while (!take_command(command)) read_more(kChunk);
  return command;
}

bool FakePeer::answer_by_itself(const std::vector<std::string>& command) {
  const auto& name = command.front();
  const bool is_question = name == "CONFIG" || name == "PING" || name == "XLEN" || name == "XINFO";
  if (is_question) send(healthy_answer(command));
  return is_question;
}

std::vector<std::vector<std::string>> FakePeer::read(std::size_t count) {
  std::vector<std::vector<std::string>> commands;
  while (commands.size() < count) {
    auto command = read_any();
    if (!answer_by_itself(command)) commands.push_back(std::move(command));
  }
  return commands;
}

std::string FakePeer::read_ping() {
  for (;;) {
    const auto command = read_any();
    if (command.front() == "PING") return healthy_answer(command);
  }
}

void FakePeer::read_bytes(std::size_t count) {
  for (const auto wanted = bytes_read_ + count; bytes_read_ < wanted;) read_more(wanted - bytes_read_);
}

void FakePeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    wait_for(POLLOUT);
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw ScriptOver("the client has gone");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void FakePeer::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void FakePeer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void FakePeer::hang() {
  wait_for(POLLRDHUP);
}

void FakePeer::wait_for_end() {
  for (;;) answer_by_itself(read_any());
}

std::string healthy_answer(const std::vector<std::string>& command) {
  static std::atomic<int> entries = 0;
  const auto& name = command.front();
  if (name == "CONFIG" || name == "XINFO") return "*0\r\n";
  if (name == "XLEN") return ":0\r\n";
  if (name == "PING" && command.size() == 1) return "+PONG\r\n";
  if (name != "PING" && name != "XADD") return "+OK\r\n";
  if (name == "XADD" && command.at(2) == "0-0") {
    return "-ERR The ID specified in XADD must be greater than 0-0\r\n";
  }
  const auto text = name == "PING" ? command.at(1) : "1700000000000-" + std::to_string(++entries);
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::function<void(FakePeer&)> answering(std::function<std::string(const std::vector<std::string>&)> answer) {
  return [answer = std::move(answer)](FakePeer& peer) {
    for (;;) peer.send(answer(peer.read_any()));
  };
}

std::function<void(FakePeer&)> refusing_rows(std::function<bool(const std::string&)> refuses) {
  return answering([refuses = std::move(refuses)](const std::vector<std::string>& command) {
    // XADD stream MAXLEN ~ bound * outbox_id and its value
    const bool is_entry = command.front() == "XADD" && command.size() > 7;
    return is_entry && refuses(command[7]) ? std::string{"-ERR value is too large\r\n"} : healthy_answer(command);
  });
}

FakeRedis::FakeRedis(std::function<void(FakePeer&)> script, std::uint16_t port) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  constexpr int kReceiveBuffer = 64 * 1024;
  ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  constexpr int kYes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &kYes, sizeof kYes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "a fake Redis on loopback");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FakeRedis::~FakeRedis() {
  const std::uint64_t one = 1;
  if (::write(stop_fd_, &one, sizeof one) == sizeof one) thread_.join();
  ::close(listener_);
  ::close(stop_fd_);
}

void FakeRedis::serve() {
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{listener_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
    }
    if (watched[1].revents != 0) return;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    constexpr int kYes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kYes, sizeof kYes);
    FakePeer peer(fd, stop_fd_, connections_++);
    try {
      script_(peer);
    } catch (const ScriptOver&) {
      continue;
    }
  }
}

}  // namespace outboxd::test
