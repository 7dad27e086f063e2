// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "redis/bounds.hpp"
#include "redis/connection.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outboxd::redis {

struct PublisherOptions {
  Endpoint endpoint;
  std::chrono::milliseconds connect_timeout{5'000};
  /// The time for one pipelined write and all its replies.
  std::chrono::milliseconds timeout{5'000};
  Bounds bounds{};
  /// Streams that are known from the configuration; they are checked when the connection is opened.
  std::vector<std::string> streams{};
  /// Called when no connection could be opened, for any reason; may be empty.
  std::function<void()> could_not_open{};
};

/// Publishes entries to one Redis server over one connection, which is opened when it is needed.
class Publisher final : public dispatch::StreamSink {
 public:
  /// `warn` is called after the first connection for each server setting that endangers events, and before a bound is
  /// first used if it trims unread entries.
  Publisher(const boost::asio::any_io_executor& executor, PublisherOptions options,
            std::function<void(std::string)> warn);

  /// Sets the login for the next connection.
  void use_login(std::string username, std::string password) {
    connection_.use_login(std::move(username), std::move(password));
  }

  /// Sets the bounds of streams from now on.
  void use_bounds(Bounds bounds);

  dispatch::Awaitable<void> publish(std::span<dispatch::Delivery* const> rows,
                                    dispatch::TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;
  [[nodiscard]] std::uint64_t connections() const override { return connection_.opened(); }

 private:
  struct Commands {
    std::string bytes;
    /// The offset in `bytes` at which each command ends.
    std::vector<std::size_t> ends;
  };

  /// The fault of rows that were not sent, as no connection could be opened.
  [[nodiscard]] Fault not_open() const {
    return connection_.is_login_refused() ? Fault::redis_login_refused : Fault::redis_unreachable;
  }
  dispatch::Awaitable<std::optional<std::string>> open();
  dispatch::Awaitable<std::optional<std::string>> ensure_open();
  [[nodiscard]] Commands encode(std::span<dispatch::Delivery* const> rows) const;
  /// The streams of these entries that were not checked yet.
  [[nodiscard]] std::vector<std::string> new_streams_of(std::span<dispatch::Delivery* const> rows) const;
  /// Checks those of the streams that were not checked yet, before a new bound trims anything.
  dispatch::Awaitable<std::optional<std::string>> look_at(std::vector<std::string> streams);

  PublisherOptions options_;
  std::function<void(std::string)> warn_;
  Connection connection_;
  bool checked_server_ = false;
  std::set<std::string> looked_at_;
  /// Consecutive checks that cost the connection.
  int failed_looks_ = 0;
};

}  // namespace outboxd::redis
