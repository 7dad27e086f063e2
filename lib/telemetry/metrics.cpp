// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include "telemetry/terminal.hpp"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

namespace outboxd::telemetry {

Metrics::Metrics()
    : log_lines_dropped_(prometheus::BuildCounter()
                             .Name("outboxd_log_lines_dropped_total")
                             .Help("Lines that were dropped because standard error was not read.")
                             .Register(registry_)
                             .Add({})) {
  prometheus::BuildGauge()
      .Name("outboxd_build_info")
      .Help("Always 1; the version is in the label.")
      .Register(registry_)
      .Add({{"version", OUTBOXD_VERSION}})
      .Set(1);
}

std::string Metrics::render() const {
  const auto dropped = static_cast<double>(Terminal::standard_error().dropped());
  log_lines_dropped_.Increment(dropped - log_lines_dropped_.Value());
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace outboxd::telemetry
