// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "redis/endpoint.hpp"
#include "stream_metrics/asker.hpp"
#include "stream_metrics/page.hpp"
#include "stream_metrics/stream_history.hpp"
#include "streams/wanted.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace outboxd::stream_metrics {

/// The streams that are sampled at one server.
struct Watched {
  /// At most kMostStreams.
  std::vector<streams::Wanted> streams{};
  /// How many more are in use.
  std::size_t left_out = 0;
};

/// Leaves out the streams that are too many, or whose names can't be labels: the last ones. Pure.
[[nodiscard]] Watched watched(std::vector<streams::Wanted> streams);

struct SamplerOptions {
  redis::Endpoint endpoint{};
  std::vector<std::string> dispatchers{};
  /// From the end of a sample to the next one.
  std::chrono::milliseconds interval{};
  std::chrono::milliseconds connect_timeout{};
  /// The time for one sample.
  std::chrono::milliseconds timeout{};
  /// May call use(); may be empty.
  std::function<void()> before_sample{};
  /// Called when samples begin to fail, with the reason, and with an empty text when one succeeds again.
  std::function<void(const std::string&)> failing{};
};

/// Samples one server at intervals, on a connection of its own.
class Sampler {
 public:
  /// `page` must outlive this object.
  Sampler(const boost::asio::any_io_executor& executor, SamplerOptions options, Watched watched, Page& page);

  boost::asio::awaitable<void> run();
  /// Ends run().
  void stop();

  /// Samples these streams from the next time on.
  void use(Watched watched);
  /// What the server has refused is sent again with the next sample, not after an hour.
  void ask_again() { asker_.known_errors().clear(); }
  void use_login(std::string username, std::string password) {
    asker_.use_login(std::move(username), std::move(password));
  }

 private:
  boost::asio::awaitable<void> sample();
  boost::asio::awaitable<std::string> read(const Watched& watched, Sample& sample);
  boost::asio::awaitable<std::string> read_streams(const Watched& watched, std::vector<StreamAnswers>& answers);
  boost::asio::awaitable<std::string> read_pending(std::vector<StreamAnswers>& answers);
  void took(Sample sample, TimePoint began);
  void failed(const std::string& reason);

  SamplerOptions options_;
  /// Replaced as a whole, as a sample may be under way.
  std::shared_ptr<const Watched> watched_;
  Page& page_;
  Sampled& shown_;
  Asker asker_;
  std::map<std::string, StreamHistory> histories_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
  bool is_failing_ = false;
};

}  // namespace outboxd::stream_metrics
