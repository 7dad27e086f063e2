// SPDX-License-Identifier: Apache-2.0
#include "replay/redis_sink.hpp"

#include "redis/command_session.hpp"
#include "streams/look.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <utility>

namespace outboxd::replay {

RedisSink::RedisSink(redis::PublisherOptions options)
    // What it would warn of was said with the plan.
    : publisher_{context_.get_executor(), std::move(options), [](const std::string&) {}} {}

void RedisSink::publish(std::span<dispatch::Delivery* const> rows) {
  auto published =
      boost::asio::co_spawn(context_, publisher_.publish(rows, dispatch::TimePoint::max()), boost::asio::use_future);
  context_.restart();
  context_.run();
  published.get();
}

void look_at_redis(Plan& plan, const redis::PublisherOptions& options) {
  std::vector<streams::Wanted> wanted;
  for (auto& chosen : plan.streams) {
    chosen.bound = options.bounds.of(chosen.stream);
    if (chosen.rows == 0) continue;
    streams::Wanted stream{.name = chosen.stream};
    stream.cut_to = chosen.bound;
    wanted.push_back(std::move(stream));
  }
  if (wanted.empty()) return;
  redis::CommandSession session{options.endpoint, std::max(options.connect_timeout, options.timeout),
                                redis::kBoundsOfLooks};
  auto report = streams::report_on(session, wanted);
  for (auto& seen : report.streams) {
    const auto chosen = std::ranges::find(plan.streams, seen.wanted.name, &ChosenRows::stream);
    chosen->in_redis = std::move(seen);
  }
}

}  // namespace outboxd::replay
