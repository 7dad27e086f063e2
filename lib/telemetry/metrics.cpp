// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

namespace outboxd::telemetry {

Metrics::Metrics() {
  prometheus::BuildGauge()
      .Name("outboxd_build_info")
      .Help("Always 1; the version is in the label.")
      .Register(registry_)
      .Add({{"version", OUTBOXD_VERSION}})
      .Set(1);
}

std::string Metrics::render() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace outboxd::telemetry
