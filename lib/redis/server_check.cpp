// SPDX-License-Identifier: Apache-2.0
#include "redis/server_check.hpp"

#include "outbox/utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboxd::redis {
namespace {

struct Wanted {
  std::string_view setting;
  std::string_view value;
  /// Another acceptable value.
  std::string_view better;
  std::string_view why;
};

constexpr std::array kWanted{
    Wanted{"maxmemory-policy", "noeviction", "", "with any other policy a full Redis drops whole streams"},
    Wanted{"appendonly", "yes", "", "without it a restart loses the entries since the last snapshot"},
    Wanted{"appendfsync", "everysec", "always", "without it a crash loses as much as the kernel had not written"},
};

std::optional<std::string> judge(const Wanted& wanted, const Value& reply, const std::string& server) {
  if (reply.kind != Value::Kind::array || reply.items.size() != 2) return std::nullopt;
  const auto& value = reply.items[1].text;
  if (value == wanted.value || (!wanted.better.empty() && value == wanted.better)) return std::nullopt;
  constexpr std::size_t kLongestValue = 100;
  return "Redis at " + server + " has " + std::string{wanted.setting} + " " + utf8::shortened(value, kLongestValue) +
         ": " + std::string{wanted.why} + "; set " + std::string{wanted.setting} + " " + std::string{wanted.value};
}

}  // namespace

boost::asio::awaitable<ServerCheck> check_server(Connection& connection, std::chrono::milliseconds timeout) {
  std::string commands;
  for (const auto& wanted : kWanted) {
    append_command(commands, std::array<std::string_view, 3>{"CONFIG", "GET", wanted.setting});
  }
  const auto exchange = co_await connection.exchange(std::move(commands), kWanted.size(), timeout);
  ServerCheck check;
  check.failure = exchange.failure;
  for (std::size_t i = 0; i < exchange.replies.size(); ++i) {
    auto warning = judge(kWanted[i], exchange.replies[i], connection.endpoint().shown);
    if (warning) check.warnings.push_back(std::move(*warning));
  }
  co_return check;
}

}  // namespace outboxd::redis
