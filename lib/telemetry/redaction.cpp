// SPDX-License-Identifier: Apache-2.0
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace outboxd::telemetry::log {

namespace {

constexpr std::size_t kShortestSecret = 4;
constexpr std::string_view kMask = "***";

struct Secrets {
  std::shared_mutex mutex;
  std::vector<std::string> texts;
};

// Never destroyed: threads may still log while the process ends.
Secrets& secrets() {
  static auto* const instance = new Secrets;
  return *instance;
}

struct Span {
  std::size_t begin;
  std::size_t end;
};

/// Where secrets stand in `text`, by begin. Overlapping ones too: masking one of two that overlap would show the rest
/// of the other.
std::vector<Span> find_secrets(std::string_view text) {
  std::vector<Span> found;
  Secrets& known = secrets();
  const std::shared_lock lock(known.mutex);
  for (const std::string& secret : known.texts) {
    for (auto at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1)) {
      found.push_back({at, at + secret.size()});
    }
  }
  std::sort(found.begin(), found.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace

void redact(std::string secret) {
  if (secret.size() < kShortestSecret) return;
  Secrets& known = secrets();
  const std::unique_lock lock(known.mutex);
  if (std::find(known.texts.begin(), known.texts.end(), secret) == known.texts.end()) {
    known.texts.push_back(std::move(secret));
  }
}

std::string redacted(std::string_view text) {
  std::string masked;
  std::size_t written = 0;  // how much of `text` has been dealt with
  for (const Span& span : find_secrets(text)) {
    if (span.begin >= written) {
      masked.append(text.substr(written, span.begin - written)).append(kMask);
    }
    written = std::max(written, span.end);
  }
  return masked.append(text.substr(written));
}

}  // namespace outboxd::telemetry::log
