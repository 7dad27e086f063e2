// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "dispatch/observer.hpp"
#include "stream_metrics/page.hpp"
#include "stream_metrics/sampler.hpp"
#include "telemetry/log_rate_limiter.hpp"
#include "telemetry/metrics.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// Remembers to which streams a dispatcher publishes.
class PublishedStreams final : public dispatch::Observer {
 public:
  void published(std::string_view stream, std::size_t rows) override;

  /// In the order in which they were first published to, so that the first ones stay when there are too many.
  [[nodiscard]] const std::vector<std::string>& names() const { return in_order_; }

 private:
  std::set<std::string, std::less<>> names_;
  std::vector<std::string> in_order_;
};

/// The metrics of the streams at each Redis. Dispatchers with the same Redis share one sampler, with the login of the
/// first of them.
class StreamsWatch {
 public:
  /// Does nothing unless `is_on`. `metrics` must outlive this object.
  StreamsWatch(boost::asio::any_io_executor loop, const std::vector<config::Settings>& dispatchers, bool is_on,
               telemetry::Metrics& metrics);
  StreamsWatch(const StreamsWatch&) = delete;
  StreamsWatch& operator=(const StreamsWatch&) = delete;
  ~StreamsWatch() = default;

  /// Is to learn what the dispatcher with these settings publishes.
  [[nodiscard]] dispatch::Observer& observer_of(const config::Settings& settings);

  void start();
  void stop();
  /// What was refused is asked again, as rights may have been granted.
  void look_again();
  /// Takes over logins, bounds and declared streams; the dispatchers are those of the constructor.
  void use(const std::vector<config::Settings>& dispatchers);

 private:
  struct Server {
    std::string shown;
    std::vector<config::Settings> dispatchers{};
    PublishedStreams published{};
    /// How many of them are sampled already.
    std::size_t known = 0;
    std::unique_ptr<stream_metrics::Sampler> sampler{};
  };

  [[nodiscard]] Server* server_of(const config::Settings& settings);
  [[nodiscard]] std::unique_ptr<stream_metrics::Sampler> sampler_of(Server& server);
  /// Before each sample: adds streams that were found since the last one.
  static void add_found(Server& server);
  void log(const std::string& server, const std::string& reason);

  boost::asio::any_io_executor loop_;
  std::vector<std::unique_ptr<Server>> servers_;
  stream_metrics::Page page_;
  dispatch::Observer nothing_;
  telemetry::LogRateLimiter hourly_{std::chrono::hours{1}};
  /// The servers whose failing samples have a line in the log.
  std::set<std::string> logged_;
};

}  // namespace outboxd::daemon
