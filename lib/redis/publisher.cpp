// SPDX-License-Identifier: Apache-2.0
#include "redis/publisher.hpp"

#include "redis/replies.hpp"
#include "redis/server_check.hpp"
#include "redis/stream_look.hpp"
#include "redis/xadd.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace outboxd::redis {
namespace {

void answer_all(std::span<dispatch::Delivery* const> rows, const Reply& reply) {
  for (auto* row : rows) row->reply = reply;
}

}  // namespace

Publisher::Publisher(const boost::asio::any_io_executor& executor, PublisherOptions options,
                     std::function<void(std::string)> warn)
    : options_{std::move(options)},
      warn_{std::move(warn)},
      connection_{executor, options_.endpoint, kBoundsOfDaemon} {}

dispatch::Awaitable<void> Publisher::publish(std::span<dispatch::Delivery* const> rows,
                                             dispatch::TimePoint not_after) {
  auto refusal = co_await ensure_open();
  if (!refusal) {
    auto streams = new_streams_of(rows);
    if (!streams.empty()) refusal = co_await look_at(std::move(streams));
  }
  if (refusal) co_return answer_all(rows, {not_open(), *refusal});
  if (std::chrono::steady_clock::now() > not_after) {
    co_return answer_all(rows, {Fault::redis_unreachable, "connecting to Redis took too long"});
  }
  Commands commands;
  try {
    commands = encode(rows);
  } catch (const std::bad_alloc&) {
    co_return answer_all(rows, {Fault::out_of_memory, "not enough memory to write the batch to Redis"});
  }
  try {
    auto exchange = co_await connection_.exchange(std::move(commands.bytes), rows.size(), options_.timeout);
    read_replies(std::move(exchange), rows, commands.ends);
  } catch (const std::bad_alloc&) {
    answer_all(rows, {Fault::unanswered, "not enough memory to read what Redis answered"});
  }
  const bool unanswered =
      std::ranges::any_of(rows, [](const dispatch::Delivery* row) { return row->reply->fault == Fault::unanswered; });
  if (unanswered) connection_.close();
}

dispatch::Awaitable<Reply> Publisher::probe(std::string stream) {
  const auto refusal = co_await ensure_open();
  if (refusal) co_return Reply{not_open(), *refusal};
  std::string commands;
  if (stream.empty()) {
    append_command(commands, std::array<std::string_view, 1>{"PING"});
  } else {
    append_write_probe(commands, stream);
  }
  const auto exchange = co_await connection_.exchange(std::move(commands), 1, options_.timeout);
  if (!exchange.failure.empty()) co_return Reply{Fault::redis_unreachable, exchange.failure};
  const auto& answer = exchange.replies.front();
  // A user whose only right is XADD may not send PING; such a refusal shows that Redis is up.
  if (stream.empty() && answer.text.starts_with("NOPERM")) co_return Reply{};
  auto reply = read_probe_reply(answer);
  // After a failover the address leads to another server; only a new connection reaches it.
  if (reply.fault == Fault::redis_unavailable || reply.fault == Fault::refused) connection_.close();
  co_return reply;
}

dispatch::Awaitable<std::optional<std::string>> Publisher::open() {
  auto refusal = co_await connection_.open(options_.connect_timeout);
  if (refusal && options_.could_not_open) options_.could_not_open();
  co_return refusal;
}

dispatch::Awaitable<std::optional<std::string>> Publisher::ensure_open() {
  if (connection_.is_usable()) co_return std::nullopt;
  const auto refusal = co_await open();
  if (refusal) co_return refusal;
  if (!checked_server_) {
    // Tried once only: some servers and proxies close the connection on CONFIG GET, and must still be usable.
    checked_server_ = true;
    const auto check = co_await check_server(connection_, options_.timeout);
    for (const auto& warning : check.warnings) warn_(warning);
    if (!check.failure.empty()) {
      co_return "Redis at " + options_.endpoint.shown + ", asked for its settings: " + check.failure;
    }
  }
  co_return co_await look_at(options_.streams);
}

Publisher::Commands Publisher::encode(std::span<dispatch::Delivery* const> rows) const {
  Commands commands;
  commands.ends.reserve(rows.size());
  for (const auto* row : rows) {
    append_xadd(commands.bytes, row->entry, options_.bounds.of(row->entry.stream));
    commands.ends.push_back(commands.bytes.size());
  }
  // Reserve now: if memory is short, nothing was sent yet.
  commands.bytes.reserve(commands.bytes.size() + Connection::kRoomForPing);
  return commands;
}

void Publisher::use_bounds(Bounds bounds) {
  if (bounds == options_.bounds) return;
  options_.bounds = std::move(bounds);
  looked_at_.clear();
}

std::vector<std::string> Publisher::new_streams_of(std::span<dispatch::Delivery* const> rows) const {
  std::set<std::string> streams;
  const std::string* last = nullptr;
  for (const auto* row : rows) {
    const auto& stream = row->entry.stream;
    // Most entries have the stream of the entry before.
    if (last != nullptr && *last == stream) continue;
    last = &stream;
    if (!looked_at_.contains(stream)) streams.insert(stream);
  }
  return {streams.begin(), streams.end()};
}

dispatch::Awaitable<std::optional<std::string>> Publisher::look_at(std::vector<std::string> streams) {
  // Bounds on the remembered streams, and on the streams of one check.
  constexpr std::size_t kMostKnown = 10'000;
  constexpr std::size_t kMostAtOnce = 100;
  // Some servers and proxies close the connection on this check, and must still be usable without it.
  constexpr int kMostFailures = 2;
  std::erase_if(streams, [this](const std::string& stream) { return looked_at_.contains(stream); });
  if (streams.empty() || failed_looks_ == kMostFailures || looked_at_.size() > kMostKnown) co_return std::nullopt;
  if (streams.size() > kMostAtOnce) streams.resize(kMostAtOnce);
  looked_at_.insert(streams.begin(), streams.end());
  auto look = co_await look_at_streams(connection_, streams, options_.bounds, options_.timeout);
  for (const auto& warning : look.warnings) warn_(warning);
  // Nothing was written yet. If the check cost the connection, the rows go out over a new one.
  if (connection_.is_usable()) {
    failed_looks_ = 0;
    co_return std::nullopt;
  }
  const auto refusal = co_await open();
  if (!refusal) {
    if (!look.failure.empty()) ++failed_looks_;
    co_return std::nullopt;
  }
  // Redis is unreachable, so the check is not to blame: repeat it later.
  for (const auto& stream : streams) looked_at_.erase(stream);
  co_return refusal;
}

}  // namespace outboxd::redis
