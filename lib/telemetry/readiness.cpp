// SPDX-License-Identifier: Apache-2.0
#include "telemetry/readiness.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>

namespace outboxd::telemetry {

namespace {

// Somewhat more than a row's last_error has, as there are words of ours around it.
constexpr std::size_t kLongestReason = 1'200;

}  // namespace

void Readiness::ready(std::string_view part) {
  parts_[std::string(part)].clear();
}

void Readiness::not_ready(std::string_view part, std::string_view reason) {
  parts_[std::string(part)] = reason.empty() ? "not ready" : reason;
}

bool Readiness::all_ready() const {
  return !parts_.empty() &&
         std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part.second.empty(); });
}

void Readiness::note(std::string_view part, std::string_view text) {
  if (text.empty()) {
    notes_.erase(std::string(part));
  } else {
    notes_[std::string(part)] = text;
  }
}

std::string Readiness::report() const {
  std::string text;
  if (all_ready()) text = "ready\n";
  if (parts_.empty()) text = "starting\n";
  for (const auto* lines : {&parts_, &notes_}) {
    for (const auto& [part, reason] : *lines) {
      if (reason.empty()) continue;
      append_printable(text, part);
      text += ": ";
      append_printable(text, utf8::shortened(log::redacted(reason), kLongestReason));
      text += '\n';
    }
  }
  return text;
}

}  // namespace outboxd::telemetry
