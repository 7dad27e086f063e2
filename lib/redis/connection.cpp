// SPDX-License-Identifier: Apache-2.0
#include "redis/connection.hpp"

#include "redis/error_text.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

namespace outboxd::redis {

namespace asio = boost::asio;

namespace {

constexpr const char* kOutOfStep = "Redis sent more or fewer replies than it was asked for";

std::string described(const boost::system::error_code& error) {
  if (error == asio::error::eof) return "the server closed the connection";
  if (error == asio::error::timed_out) return "no answer in time";
  return error.message();
}

struct Greeting {
  std::string commands;
  std::vector<std::string> names;
};

Greeting greeting_for(const Endpoint& endpoint) {
  Greeting greeting;
  if (!endpoint.password.empty() || !endpoint.username.empty()) {
    std::vector<std::string_view> auth{"AUTH"};
    if (!endpoint.username.empty()) auth.emplace_back(endpoint.username);
    auth.emplace_back(endpoint.password);
    append_command(greeting.commands, auth);
    greeting.names.emplace_back("AUTH (redis.username, redis.password)");
  }
  if (endpoint.database != 0) {
    const auto number = std::to_string(endpoint.database);
    append_command(greeting.commands, std::array<std::string_view, 2>{"SELECT", number});
    greeting.names.emplace_back("SELECT " + number + " (redis.database)");
  }
  return greeting;
}

std::uint64_t random_number() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>{}(device);
}

void append_ping(std::string& out, std::string_view nonce) {
  append_command(out, std::array<std::string_view, 2>{"PING", nonce});
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, Endpoint endpoint)
    : endpoint_{std::move(endpoint)}, socket_{executor}, nonce_base_{random_number()} {}

asio::awaitable<std::optional<std::string>> Connection::open(std::chrono::milliseconds timeout) {
  close();
  reader_ = ReplyReader{};
  const auto error = co_await socket_.connect(endpoint_, std::chrono::steady_clock::now() + timeout);
  if (error) co_return "cannot connect to Redis at " + endpoint_.shown + ": " + described(error);
  auto refusal = co_await handshake(timeout);
  if (refusal) close();
  co_return refusal;
}

asio::awaitable<std::optional<std::string>> Connection::handshake(std::chrono::milliseconds timeout) {
  auto greeting = greeting_for(endpoint_);
  const auto nonce = next_nonce();
  append_ping(greeting.commands, nonce);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto sent = co_await socket_.write_all(greeting.commands, deadline);
  Exchange answer;
  co_await read_replies(answer, greeting.names.size() + 1, deadline);
  for (std::size_t i = 0; i < std::min(answer.replies.size(), greeting.names.size()); ++i) {
    if (answer.replies[i].kind == Value::Kind::error) {
      ErrorTexts texts{greeting.commands};
      co_return "Redis at " + endpoint_.shown + " refuses " + greeting.names[i] + ": " +
          texts.shown(answer.replies[i].text);
    }
  }
  if (sent.error) co_return "connection to Redis lost while sending: " + described(sent.error);
  if (!answer.failure.empty()) co_return answer.failure;
  const auto& last = answer.replies.back();
  echoes_ = last.kind == Value::Kind::string && last.text == nonce;
  // A user who may do nothing but XADD may not even PING.
  if (last.kind == Value::Kind::error && !last.text.starts_with("NOPERM")) {
    ErrorTexts texts{greeting.commands};
    co_return "Redis at " + endpoint_.shown + " refuses PING: " + texts.shown(last.text);
  }
  co_return std::nullopt;
}

std::string Connection::next_nonce() {
  return "outboxd-" + std::to_string(nonce_base_) + "-" + std::to_string(++exchanges_);
}

bool Connection::ends_in_step(const std::vector<Value>& replies, const std::string& nonce) const {
  const auto& last = replies.back();
  if (last.kind == Value::Kind::string) return last.text == nonce;
  if (!echoes_) return last.kind == Value::Kind::status || last.kind == Value::Kind::error;
  // Whoever refuses everything refuses this as well.
  if (last.kind != Value::Kind::error || replies.size() < 2) return false;
  const auto& before = replies[replies.size() - 2];
  return before.kind == Value::Kind::error && first_word(before.text) == first_word(last.text);
}

asio::awaitable<Exchange> Connection::exchange(std::string commands, std::size_t count,
                                               std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto nonce = next_nonce();
  append_ping(commands, nonce);
  Exchange exchange;
  const auto sent = co_await socket_.write_all(commands, deadline);
  exchange.bytes_sent = sent.bytes;
  co_await read_replies(exchange, count + 1, deadline);
  if (sent.error) exchange.failure = "connection to Redis lost while sending: " + described(sent.error);
  if (exchange.failure.empty() && !ends_in_step(exchange.replies, nonce)) exchange.failure = kOutOfStep;
  if (exchange.failure.empty()) {
    exchange.replies.pop_back();
  } else {
    // An entry that is too large, say, is answered before the connection is ended.
    if (!exchange.replies.empty() && exchange.replies.back().kind == Value::Kind::error) {
      ErrorTexts texts{commands};
      exchange.failure += "; it had said: " + texts.shown(exchange.replies.back().text);
    }
    exchange.replies.clear();
    close();
  }
  exchange.sent = std::move(commands);
  co_return exchange;
}

asio::awaitable<void> Connection::read_replies(Exchange& exchange, std::size_t count, TimePoint deadline) {
  exchange.replies.reserve(count);
  while (exchange.replies.size() < count) {
    if (auto value = reader_.next()) {
      exchange.replies.push_back(std::move(*value));
      continue;
    }
    if (!reader_.error().empty()) {
      exchange.failure = "Redis sent what is not its protocol: " + reader_.error();
      co_return;
    }
    const auto got = co_await socket_.read_some(buffer_, deadline);
    if (got.error) {
      exchange.failure = "connection to Redis lost while waiting for its reply: " + described(got.error);
      co_return;
    }
    if (!reader_.feed({buffer_.data(), got.bytes})) continue;
  }
  if (reader_.has_leftover()) exchange.failure = kOutOfStep;
}

void Connection::close() {
  socket_.close();
}

bool Connection::is_usable() {
  return socket_.is_open() && !socket_.is_stale();
}

}  // namespace outboxd::redis
