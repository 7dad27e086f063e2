// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/by_stream.hpp"
#include "telemetry/dispatcher/series.hpp"

#include <array>

namespace outboxd::telemetry {

/// The outcomes of rows that are not published, by reason; and the tries to use a server that failed.
class OutcomeMetrics final : public dispatch::Observer {
 public:
  explicit OutcomeMetrics(const DispatcherSeries& series);

  void failed(std::string_view stream, Fault fault, std::string_view reason) override;
  void retried(std::string_view stream, Fault fault) override;
  void released(bool /*for_later*/) override { released_.Increment(); }
  void died(std::string_view id, std::string_view stream, Fault fault, std::string_view reason) override;
  void possible_duplicate() override { possible_duplicates_.Increment(); }
  void server_failed(Server server, Obstacle obstacle) override;

 private:
  Family<prometheus::Counter>& all_failures_;
  prometheus::Labels labels_;
  /// By the fault's number; null for Fault::none.
  std::array<prometheus::Counter*, static_cast<std::size_t>(Fault::stopping) + 1> failures_{};
  ByStream<prometheus::Counter> failures_by_stream_;
  prometheus::Counter& retries_;
  ByStream<prometheus::Counter> retries_by_stream_;
  prometheus::Counter& released_;
  prometheus::Counter& dead_;
  ByStream<prometheus::Counter> dead_by_stream_;
  prometheus::Counter& possible_duplicates_;
};

}  // namespace outboxd::telemetry
