// SPDX-License-Identifier: Apache-2.0
#include "telemetry/progress.hpp"

#include "telemetry/redaction.hpp"

namespace outboxd::telemetry {

Progress::~Progress() {
  clear();
}

void Progress::show(std::string_view text) {
  terminal_.show_progress(log::redacted(text));
}

void Progress::clear() {
  terminal_.show_progress({});
}

}  // namespace outboxd::telemetry
