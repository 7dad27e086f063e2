// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/dispatcher/series.hpp"

namespace outboxd::telemetry {

/// Unusual payloads and entries.
class PayloadMetrics final : public dispatch::Observer {
 public:
  explicit PayloadMetrics(const DispatcherSeries& series)
      : reserved_fields_dropped_{series.counter("outboxd_reserved_fields_dropped_total",
                                                "Payload fields dropped for carrying a reserved name.")},
        ambiguous_entries_{
            series.counter("outboxd_ambiguous_entries_total",
                           "Rows whose signature is good for another entry, too, each time they are signed.")} {}

  void reserved_fields_dropped(std::string_view /*stream*/, std::size_t fields) override {
    reserved_fields_dropped_.Increment(static_cast<double>(fields));
  }
  void ambiguous_entry(std::string_view /*id*/, std::string_view /*stream*/, std::string_view /*why*/,
                       bool /*dead*/) override {
    ambiguous_entries_.Increment();
  }

 private:
  prometheus::Counter& reserved_fields_dropped_;
  prometheus::Counter& ambiguous_entries_;
};

}  // namespace outboxd::telemetry
