// SPDX-License-Identifier: Apache-2.0
#include "redis/stream_look.hpp"

#include "redis/consumer_lag.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace outboxd::redis {
namespace {

struct Looked {
  std::string stream;
  std::uint64_t length = 0;
  std::vector<Group> groups;
};

/// The streams that have reached their bound and have consumer groups.
std::vector<Looked> full_ones(const std::vector<std::string>& streams, const Exchange& exchange,
                              const Bounds& bounds) {
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

}  // namespace

boost::asio::awaitable<StreamLook> look_at_streams(Connection& connection, std::vector<std::string> streams,
                                                   Bounds bounds, std::chrono::milliseconds timeout) {
  StreamLook look;
  std::string commands;
  for (const auto& stream : streams) {
    append_command(commands, std::array<std::string_view, 2>{"XLEN", stream});
    append_command(commands, std::array<std::string_view, 3>{"XINFO", "GROUPS", stream});
  }
  const auto exchange = co_await connection.exchange(std::move(commands), 2 * streams.size(), timeout);
  look.failure = exchange.failure;
  auto full = full_ones(streams, exchange, bounds);
  for (auto& looked : full) {
    if (!connection.is_usable()) break;
    if (needs_ids(looked.groups)) {
      std::string command;
      append_command(command, std::array<std::string_view, 3>{"XINFO", "STREAM", looked.stream});
      const auto ids = co_await connection.exchange(std::move(command), 1, timeout);
      look.failure = ids.failure;
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
