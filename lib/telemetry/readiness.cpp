// SPDX-License-Identifier: Apache-2.0
#include "telemetry/readiness.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"
#include "telemetry/utc_time.hpp"

#include <algorithm>

namespace outboxd::telemetry {

namespace {

// Somewhat more than the length of a row's last_error, as the reason adds words to it.
constexpr std::size_t kLongestReason = 1'200;

void append_line(std::string& to, std::string_view part, std::string_view text, std::string_view end) {
  append_printable(to, part);
  to += ": ";
  append_printable(to, utf8::shortened(log::redacted(text), kLongestReason));
  to.append(end) += '\n';
}

}  // namespace

void Readiness::set(std::string_view part, std::string_view reason) {
  const auto [found, is_new] = parts_.try_emplace(std::string(part));
  auto& known = found->second;
  if (is_new || known.reason.empty() != reason.empty()) known.since = now_();
  known.reason = reason;
}

void Readiness::ready(std::string_view part) {
  set(part, "");
}

void Readiness::not_ready(std::string_view part, std::string_view reason) {
  set(part, reason.empty() ? "not ready" : reason);
}

bool Readiness::all_ready() const {
  return !parts_.empty() &&
         std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part.second.reason.empty(); });
}

void Readiness::note(std::string_view part, std::string_view text) {
  if (text.empty()) {
    notes_.erase(std::string(part));
  } else {
    notes_[std::string(part)] = text;
  }
}

std::string Readiness::report() const {
  return report(false);
}

std::string Readiness::dated_report() const {
  return report(true);
}

std::string Readiness::report(bool dated) const {
  std::string text;
  if (all_ready()) text = "ready\n";
  if (parts_.empty()) text = "starting\n";
  for (const auto& [name, part] : parts_) {
    if (!part.reason.empty()) {
      append_line(text, name, part.reason, dated ? " (not ready since " + utc_text(part.since) + ")" : "");
    } else if (dated) {
      append_line(text, name, "ready since " + utc_text(part.since), "");
    }
  }
  for (const auto& [name, note] : notes_) append_line(text, name, note, "");
  return text;
}

}  // namespace outboxd::telemetry
