// SPDX-License-Identifier: Apache-2.0
#include "redis/connection.hpp"

#include "redis/error_text.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace outboxd::redis {

namespace asio = boost::asio;

namespace {

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

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, Endpoint endpoint)
    : endpoint_{std::move(endpoint)}, socket_{executor} {}

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
  const auto greeting = greeting_for(endpoint_);
  if (greeting.names.empty()) co_return std::nullopt;
  const auto answer = co_await exchange(greeting.commands, greeting.names.size(), timeout);
  for (std::size_t i = 0; i < answer.replies.size(); ++i) {
    if (answer.replies[i].kind == Value::Kind::error) {
      ErrorTexts texts{greeting.commands};
      co_return "Redis at " + endpoint_.shown + " refuses " + greeting.names[i] + ": " +
          texts.shown(answer.replies[i].text);
    }
  }
  if (!answer.failure.empty()) co_return answer.failure;
  co_return std::nullopt;
}

asio::awaitable<Exchange> Connection::exchange(const std::string& commands, std::size_t count,
                                               std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  Exchange exchange;
  const auto sent = co_await socket_.write_all(commands, deadline);
  exchange.bytes_sent = sent.bytes;
  // Even after a failed write, answers to the first commands may be waiting.
  co_await read_replies(exchange, count, deadline);
  if (sent.error) exchange.failure = "connection to Redis lost while sending: " + described(sent.error);
  if (!exchange.failure.empty()) close();
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
  if (reader_.has_leftover()) exchange.failure = "Redis sent more replies than it was asked for";
}

void Connection::close() {
  socket_.close();
}

bool Connection::is_usable() {
  return socket_.is_open() && !socket_.is_stale();
}

}  // namespace outboxd::redis
