// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "redis/connection.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::redis {

struct PublisherOptions {
  Endpoint endpoint;
  std::chrono::milliseconds connect_timeout{5'000};
  /// For one pipelined write with all its replies.
  std::chrono::milliseconds timeout{5'000};
  std::uint64_t maxlen = 100'000;
  /// Where a stream has a bound of its own.
  std::map<std::string, std::uint64_t> stream_maxlen;
};

/// Publishes entries to one Redis server over one connection, which it opens when it needs one.
class Publisher final : public dispatch::StreamPublisher {
 public:
  /// `warn` is told, after the first connection, of server settings that endanger events.
  Publisher(const boost::asio::any_io_executor& executor, PublisherOptions options,
            std::function<void(std::string)> warn);

  dispatch::Awaitable<std::vector<Reply>> publish(std::span<const entry::Entry> entries,
                                                  dispatch::TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;

 private:
  struct Commands {
    std::string bytes;
    /// Where each command ends in `bytes`.
    std::vector<std::size_t> ends;
  };

  dispatch::Awaitable<std::optional<std::string>> ensure_open();
  [[nodiscard]] Commands encode(std::span<const entry::Entry> entries) const;
  [[nodiscard]] std::uint64_t maxlen_of(const std::string& stream) const;

  PublisherOptions options_;
  std::function<void(std::string)> warn_;
  Connection connection_;
  bool checked_server_ = false;
};

}  // namespace outboxd::redis
