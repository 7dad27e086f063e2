// SPDX-License-Identifier: Apache-2.0
#include "redis/connection.hpp"

#include "redis/error_text.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <random>
#include <span>
#include <utility>

namespace outboxd::redis {

namespace asio = boost::asio;

namespace {

constexpr const char* kOutOfStep = "Redis sent more or fewer replies than it was sent commands";

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

bool is_error(const Value& value) {
  return value.kind == Value::Kind::error;
}

/// Other errors of AUTH concern the connection, e.g. that there are too many.
bool refuses_login(const Value& error) {
  constexpr std::array<std::string_view, 5> kRefusals{"WRONGPASS", "NOAUTH", "ERR invalid password", "ERR AUTH",
                                                      "ERR Client sent AUTH"};
  return std::ranges::any_of(kRefusals, [&](std::string_view words) { return error.text.starts_with(words); });
}

// NOPERM is no refusal in this sense: a user whose only right is XADD may not send PING.
bool refuses_ping(const Value& value) {
  return is_error(value) && !value.text.starts_with("NOPERM");
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, Endpoint endpoint, ReplyBounds bounds)
    : endpoint_{std::move(endpoint)},
      bounds_{bounds},
      socket_{executor},
      reader_{bounds},
      nonce_base_{random_number()} {}

asio::awaitable<std::optional<std::string>> Connection::open(std::chrono::milliseconds timeout) {
  close();
  is_login_refused_ = false;
  reader_ = ReplyReader{bounds_};
  const auto error = co_await socket_.connect(endpoint_, std::chrono::steady_clock::now() + timeout);
  if (error) co_return "cannot connect to Redis at " + endpoint_.shown + ": " + described(error);
  auto refusal = co_await handshake(timeout);
  if (refusal) {
    close();
  } else {
    ++opened_;
  }
  co_return refusal;
}

asio::awaitable<std::optional<std::string>> Connection::handshake(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto greeting = greeting_for(endpoint_);
  const auto nonce = next_nonce();
  pings_bare_ = false;
  append_ping(greeting.commands, nonce);
  auto answer = co_await write_and_read(greeting.commands, greeting.names.size() + 1, deadline);
  for (std::size_t i = 0; i < std::min(answer.replies.size(), greeting.names.size()); ++i) {
    if (is_error(answer.replies[i])) {
      is_login_refused_ = refuses_login(answer.replies[i]);
      ErrorTexts texts{greeting.commands};
      co_return "Redis at " + endpoint_.shown + " refuses " + greeting.names[i] + ": " +
          texts.shown(answer.replies[i].text);
    }
  }
  if (answer.failure.empty() && refuses_ping(answer.replies.back())) {
    // Some proxies accept PING only without an argument.
    pings_bare_ = true;
    std::string ping;
    append_ping(ping, nonce);
    answer = co_await write_and_read(ping, 1, deadline);
  }
  if (!answer.failure.empty()) co_return answer.failure;
  auto& pong = answer.replies.back();
  if (refuses_ping(pong)) {
    is_login_refused_ = refuses_login(pong);
    ErrorTexts texts{greeting.commands};
    co_return "Redis at " + endpoint_.shown + " refuses PING: " + texts.shown(pong.text);
  }
  const bool echoes = pong.kind == Value::Kind::string && pong.text == nonce;
  pong_ = echoes ? std::nullopt : std::optional{std::move(pong)};
  co_return std::nullopt;
}

std::string Connection::next_nonce() {
  return "outboxd-" + std::to_string(nonce_base_) + "-" + std::to_string(++exchanges_);
}

void Connection::append_ping(std::string& out, std::string_view nonce) const {
  const std::array<std::string_view, 2> command{"PING", nonce};
  append_command(out, std::span{command}.first(pings_bare_ ? 1 : 2));
}

bool Connection::is_pong(const Value& value, std::string_view nonce) const {
  if (value.kind == Value::Kind::string && value.text == nonce) return true;
  return pong_ && value.kind == pong_->kind && value.text == pong_->text;
}

asio::awaitable<bool> Connection::nothing_follows(const std::vector<Value>& replies, TimePoint deadline) {
  const auto& last = replies.back();
  if (!is_error(last)) co_return false;
  const auto nonce = next_nonce();
  std::string ping;
  append_ping(ping, nonce);
  const auto exchange = co_await write_and_read(ping, 1, deadline);
  if (!exchange.failure.empty()) co_return false;
  const auto& next = exchange.replies.front();
  if (next.kind == Value::Kind::string) co_return next.text == nonce;
  if (!is_error(next)) co_return false;
  // A server that refuses every command refuses PING, too. Errors publish no row, so this is safe.
  if (std::ranges::all_of(replies, is_error)) co_return true;
  if (next.text != last.text) co_return false;
  // Both PINGs got the same error, which could as well be a late reply to a command. So end the sending side: if the
  // server then closes without sending more, they were the last replies.
  socket_.end_sending();
  const auto got = co_await socket_.read_some(buffer_, deadline);
  close();
  co_return got.error == asio::error::eof;
}

asio::awaitable<Exchange> Connection::exchange(std::string commands, std::size_t count,
                                               std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto nonce = next_nonce();
  append_ping(commands, nonce);
  auto exchange = co_await write_and_read(commands, count + 1, deadline);
  if (exchange.failure.empty() && !is_pong(exchange.replies.back(), nonce)) {
    const bool in_step = co_await nothing_follows(exchange.replies, deadline);
    if (!in_step) exchange.failure = kOutOfStep;
  }
  if (exchange.failure.empty()) {
    exchange.replies.pop_back();
  } else {
    // The last error may name the reason: for example, a server refuses an entry that is too large, then disconnects.
    if (!exchange.replies.empty() && is_error(exchange.replies.back())) {
      ErrorTexts texts{commands};
      exchange.failure += "; its last error was: " + texts.shown(exchange.replies.back().text);
    }
    exchange.replies.clear();
    close();
  }
  exchange.sent = std::move(commands);
  co_return exchange;
}

asio::awaitable<Exchange> Connection::write_and_read(std::string_view commands, std::size_t count,
                                                     TimePoint deadline) {
  Exchange exchange;
  const auto sent = co_await socket_.write_all(commands, deadline);
  exchange.bytes_sent = sent.bytes;
  co_await read_replies(exchange, count, deadline);
  if (sent.error)
    exchange.failure = "connection to Redis at " + endpoint_.shown + " lost while sending: " + described(sent.error);
  co_return exchange;
}

asio::awaitable<void> Connection::read_replies(Exchange& exchange, std::size_t count, TimePoint deadline) {
  exchange.replies.reserve(count);
  std::size_t received = 0;
  while (exchange.replies.size() < count) {
    if (auto value = reader_.next()) {
      exchange.replies.push_back(std::move(*value));
      continue;
    }
    if (!reader_.error().empty()) {
      exchange.failure =
          "Redis at " + endpoint_.shown + " sent bytes that are not the Redis protocol: " + reader_.error();
      exchange.is_too_large = reader_.is_too_large();
      co_return;
    }
    const auto got = co_await socket_.read_some(buffer_, deadline);
    if (got.error) {
      exchange.failure =
          "connection to Redis at " + endpoint_.shown + " lost while waiting for its reply: " + described(got.error);
      co_return;
    }
    received += got.bytes;
    if (received > bounds_.bytes_of_exchange) {
      exchange.failure = "Redis at " + endpoint_.shown + " sent more than was expected";
      exchange.is_too_large = true;
      co_return;
    }
    if (!reader_.feed({buffer_.data(), got.bytes})) continue;
  }
  if (reader_.has_leftover()) exchange.failure = kOutOfStep;
}

void Connection::use_login(std::string username, std::string password) {
  endpoint_.username = std::move(username);
  endpoint_.password = std::move(password);
}

void Connection::close() {
  socket_.close();
}

bool Connection::is_usable() {
  return socket_.is_open() && !socket_.is_stale();
}

}  // namespace outboxd::redis
