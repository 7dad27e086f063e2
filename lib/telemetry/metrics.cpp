// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics.hpp"

#include "telemetry/terminal.hpp"

#include <prometheus/text_serializer.h>

namespace outboxd::telemetry {
namespace {

constexpr std::size_t kSpare = 1024;

}  // namespace

Metrics::Metrics(const prometheus::Labels& libraries)
    : log_lines_dropped_{families_
                             .family<prometheus::Counter>(
                                 "outboxd_log_lines_dropped_total",
                                 "Lines that were dropped because standard error was not read.")
                             .Add({})},
      process_{families_} {
  auto labels = libraries;
  labels.emplace("version", OUTBOXD_VERSION);
  families_
      .family<prometheus::Gauge>("outboxd_build_info",
                                 "Always 1; the versions of outboxd and of its libraries are in the labels.")
      .Add(labels)
      .Set(1);
}

std::string Metrics::render() const {
  const auto dropped = static_cast<double>(Terminal::standard_error().dropped());
  log_lines_dropped_.Increment(dropped - log_lines_dropped_.Value());
  process_.update();
  std::string page;
  page.reserve(page_bytes_ + kSpare);
  families_.append_to(page);
  page += prometheus::TextSerializer().Serialize(registry_.Collect());
  for (const auto& text : more_) page += text();
  page_bytes_ = page.size();
  return page;
}

}  // namespace outboxd::telemetry
