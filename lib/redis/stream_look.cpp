// SPDX-License-Identifier: Apache-2.0
#include "redis/stream_look.hpp"

#include "redis/consumer_lag.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace outboxd::redis {
namespace {

constexpr std::size_t kMostInOneExchange = 5;

struct Looked {
  std::string stream;
  std::uint64_t length = 0;
  std::vector<Group> groups;
};

/// The streams that have reached their bound and have consumer groups.
std::vector<Looked> full_ones(std::span<const std::string> streams, const Exchange& exchange, const Bounds& bounds) {
  std::vector<Looked> full;
  for (std::size_t i = 0; 2 * i + 1 < exchange.replies.size(); ++i) {
    const auto& length = exchange.replies[2 * i];
    if (length.kind != Value::Kind::integer || length.number <= 0) continue;
    Looked looked{streams[i], static_cast<std::uint64_t>(length.number), read_groups(exchange.replies[2 * i + 1])};
    if (looked.length < bounds.of(looked.stream).maxlen || looked.groups.empty()) continue;
    full.push_back(std::move(looked));
  }
  return full;
}

/// Asks for the lengths and groups of these streams.
boost::asio::awaitable<Exchange> ask(Connection& connection, std::span<const std::string> streams,
                                     std::chrono::milliseconds timeout) {
  std::string commands;
  for (const auto& stream : streams) {
    append_command(commands, std::array<std::string_view, 2>{"XLEN", stream});
    append_command(commands, std::array<std::string_view, 3>{"XINFO", "GROUPS", stream});
  }
  co_return co_await connection.exchange(std::move(commands), 2 * streams.size(), timeout);
}

/// The full ones of these streams. An answer that is too large has cost the connection: then each stream is asked for
/// alone over new ones, and the one with that answer is left out.
boost::asio::awaitable<std::vector<Looked>> look_at_some(Connection& connection, std::span<const std::string> streams,
                                                         const Bounds& bounds, std::chrono::milliseconds timeout,
                                                         std::string& failure) {
  const auto exchange = co_await ask(connection, streams, timeout);
  if (!exchange.is_too_large) {
    failure = exchange.failure;
    co_return full_ones(streams, exchange, bounds);
  }
  std::vector<Looked> full;
  if (co_await connection.open(timeout) || streams.size() == 1) co_return full;
  for (std::size_t i = 0; i < streams.size() && connection.is_usable() && failure.empty(); ++i) {
    auto one = co_await look_at_some(connection, streams.subspan(i, 1), bounds, timeout, failure);
    for (auto& looked : one) full.push_back(std::move(looked));
  }
  co_return full;
}

}  // namespace

boost::asio::awaitable<StreamLook> look_at_streams(Connection& connection, std::vector<std::string> streams,
                                                   Bounds bounds, std::chrono::milliseconds timeout) {
  StreamLook look;
  std::vector<Looked> full;
  const std::span<const std::string> all{streams};
  for (std::size_t i = 0; i < all.size() && connection.is_usable() && look.failure.empty(); i += kMostInOneExchange) {
    const auto some = all.subspan(i, std::min(kMostInOneExchange, all.size() - i));
    auto found = co_await look_at_some(connection, some, bounds, timeout, look.failure);
    for (auto& looked : found) full.push_back(std::move(looked));
  }
  for (auto& looked : full) {
    if (!connection.is_usable()) break;
    if (needs_ids(looked.groups)) {
      std::string command;
      append_command(command, std::array<std::string_view, 3>{"XINFO", "STREAM", looked.stream});
      const auto ids = co_await connection.exchange(std::move(command), 1, timeout);
      // It has whole entries, which may be large: then the lags stay as Redis says.
      if (ids.is_too_large) {
        if (co_await connection.open(timeout)) break;
      } else {
        look.failure = ids.failure;
      }
      if (ids.failure.empty()) {
        if (const auto info = read_stream_info(ids.replies.front())) infer_lag(*info, looked.groups, false);
      }
    }
    auto warning = trim_warning(looked.stream, looked.length, looked.groups, bounds.of(looked.stream),
                                connection.endpoint().shown);
    if (warning) look.warnings.push_back(std::move(*warning));
  }
  co_return look;
}

}  // namespace outboxd::redis
