// SPDX-License-Identifier: Apache-2.0
#include "telemetry/redaction.hpp"

#include "telemetry/secret_places.hpp"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace outboxd::telemetry::log {

namespace {

constexpr std::string_view kMask = "***";

struct Secret {
  std::string text;
  /// It may occur in a text with another meaning, and is masked only where it stands as a secret.
  bool common = false;
};

struct Secrets {
  std::shared_mutex mutex;
  std::vector<Secret> known;
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

/// The positions of secrets in `text`, by their begin, including overlapping ones: masking one of two that overlap
/// would show the rest of the other.
std::vector<Span> find_secrets(std::string_view text) {
  std::vector<Span> found;
  Secrets& all = secrets();
  const std::shared_lock lock(all.mutex);
  for (const auto& [secret, common] : all.known) {
    for (auto at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1)) {
      if (!common || stands_as_secret(text, at, secret.size())) found.push_back({at, at + secret.size()});
    }
  }
  std::sort(found.begin(), found.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  return found;
}

}  // namespace

void redact(std::string secret, std::span<const std::string> harmless) {
  if (secret.empty()) return;
  const bool common = is_common(secret) || std::ranges::find(harmless, secret) != harmless.end();
  Secrets& all = secrets();
  const std::unique_lock lock(all.mutex);
  const auto known = std::ranges::find(all.known, secret, &Secret::text);
  if (known == all.known.end()) {
    all.known.push_back({std::move(secret), common});
  } else {
    known->common = known->common && common;
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
