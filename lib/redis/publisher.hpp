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
  /// For one pipelined write with all its replies.
  std::chrono::milliseconds timeout{5'000};
  Bounds bounds{};
  /// Those that are known before anything is published to them.
  std::vector<std::string> streams{};
  /// Called when no connection could be opened, whatever for; may be empty.
  std::function<void()> could_not_open{};
};

/// Publishes entries to one Redis server over one connection, which it opens when it needs one.
class Publisher final : public dispatch::StreamSink {
 public:
  /// `warn` is told, after the first connection, of server settings that endanger events, and before a bound is used
  /// of unread entries that it cuts.
  Publisher(const boost::asio::any_io_executor& executor, PublisherOptions options,
            std::function<void(std::string)> warn);

  /// Who logs in from the next connection on.
  void use_login(std::string username, std::string password) {
    connection_.use_login(std::move(username), std::move(password));
  }

  /// How long streams may become from now on.
  void use_bounds(Bounds bounds);

  dispatch::Awaitable<std::vector<Reply>> publish(std::span<const entry::Entry> entries,
                                                  dispatch::TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;

 private:
  struct Commands {
    std::string bytes;
    /// Where each command ends in `bytes`.
    std::vector<std::size_t> ends;
  };

  dispatch::Awaitable<std::optional<std::string>> open();
  dispatch::Awaitable<std::optional<std::string>> ensure_open();
  [[nodiscard]] Commands encode(std::span<const entry::Entry> entries) const;
  /// Those that were not looked at yet.
  [[nodiscard]] std::vector<std::string> new_streams_of(std::span<const entry::Entry> entries) const;
  /// Before anything is cut by a bound that is new to it: those of these streams that were not looked at yet.
  dispatch::Awaitable<std::optional<std::string>> look_at(std::vector<std::string> streams);

  PublisherOptions options_;
  std::function<void(std::string)> warn_;
  Connection connection_;
  bool checked_server_ = false;
  std::set<std::string> looked_at_;
  /// In a row.
  int failed_looks_ = 0;
};

}  // namespace outboxd::redis
