// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/asker.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace outboxd::stream_metrics {

namespace asio = boost::asio;

namespace {

// XINFO STREAM has the whole first and last entry, XINFO GROUPS some 200 bytes for each group.
constexpr redis::ReplyBounds kBounds{.bytes = 4UL << 20U, .items = 64UL << 10U, .bytes_of_exchange = 8UL << 20U};

}  // namespace

Asker::Asker(const asio::any_io_executor& executor, redis::Endpoint endpoint)
    : connection_{executor, std::move(endpoint), kBounds} {}

std::chrono::milliseconds Asker::time_left() const {
  const auto left = deadline_ - std::chrono::steady_clock::now();
  return std::max(std::chrono::milliseconds{1}, std::chrono::ceil<std::chrono::milliseconds>(left));
}

asio::awaitable<std::optional<std::string>> Asker::begin(std::chrono::milliseconds connect_timeout,
                                                         std::chrono::milliseconds time) {
  deadline_ = std::chrono::steady_clock::now() + time;
  if (connection_.is_usable()) co_return std::nullopt;
  co_return co_await connection_.open(connect_timeout);
}

asio::awaitable<Answers> Asker::ask(std::vector<Command> commands) {
  Answers answers;
  answers.values.resize(commands.size());
  std::vector<std::size_t> which;
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (const auto* known = known_.of(commands[i], now)) {
      answers.values[i] = *known;
    } else {
      which.push_back(i);
    }
  }
  answers.failure = co_await ask_these(std::move(commands), std::move(which), answers.values);
  if (!answers.failure.empty()) answers.values.clear();
  co_return answers;
}

asio::awaitable<std::string> Asker::ask_these(std::vector<Command> commands, std::vector<std::size_t> which,
                                              std::vector<redis::Value>& values) {
  if (which.empty()) co_return "";
  std::string bytes;
  for (const auto i : which) {
    const std::vector<std::string_view> arguments{commands[i].begin(), commands[i].end()};
    redis::append_command(bytes, arguments);
  }
  auto exchange = co_await connection_.exchange(std::move(bytes), which.size(), time_left());
  if (!exchange.is_too_large) {
    for (std::size_t i = 0; i < exchange.replies.size(); ++i) {
      known_.note(commands[which[i]], exchange.replies[i], std::chrono::steady_clock::now());
      values[which[i]] = std::move(exchange.replies[i]);
    }
    co_return exchange.failure;
  }
  auto refusal = co_await connection_.open(time_left());
  if (refusal) co_return *refusal;
  if (which.size() == 1) {
    values[which.front()] = over_bounds();
    known_.note(commands[which.front()], over_bounds(), std::chrono::steady_clock::now());
    co_return "";
  }
  // By halves, so that only what is too large by itself is left out.
  const auto middle = which.begin() + static_cast<std::ptrdiff_t>(which.size() / 2);
  std::vector<std::size_t> first{which.begin(), middle};
  std::vector<std::size_t> second{middle, which.end()};
  auto failure = co_await ask_these(commands, std::move(first), values);
  if (failure.empty()) failure = co_await ask_these(std::move(commands), std::move(second), values);
  co_return failure;
}

void Asker::use_login(std::string username, std::string password) {
  const auto& endpoint = connection_.endpoint();
  if (endpoint.username == username && endpoint.password == password) return;
  connection_.use_login(std::move(username), std::move(password));
  // What the old login was refused may be allowed now.
  known_.clear();
  connection_.close();
}

}  // namespace outboxd::stream_metrics
