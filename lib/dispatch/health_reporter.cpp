// SPDX-License-Identifier: Apache-2.0
#include "dispatch/health_reporter.hpp"

#include <tuple>
#include <utility>

namespace outboxd::dispatch {

void HealthReporter::report() {
  auto health = Health::working;
  const std::string* reason = nullptr;
  if (!trouble_.starving.empty()) {
    std::tie(health, reason) = std::pair{Health::writes_refused, &trouble_.starving};
  }
  const auto of_postgres = [](bool refuses) {
    return refuses ? Health::writes_refused : Health::postgres_unavailable;
  };
  if (!trouble_.settle.empty()) {
    std::tie(health, reason) = std::pair{of_postgres(trouble_.settles_refused), &trouble_.settle};
  }
  if (!trouble_.claim.empty()) {
    std::tie(health, reason) = std::pair{of_postgres(trouble_.claims_refused), &trouble_.claim};
  }
  if (trouble_.unfit && reason == &trouble_.claim) health = Health::table_unfit;
  if (!trouble_.redis.empty() && !trouble_.redis_in_doubt) {
    std::tie(health, reason) = std::pair{Health::redis_unavailable, &trouble_.redis};
  }
  if (run_.is_stopping()) std::tie(health, reason) = std::pair{Health::stopping, nullptr};
  const auto text = reason != nullptr ? *reason : std::string{};
  if (health == health_ && text == reason_) return;
  health_ = health;
  reason_ = text;
  observer_.health(health_, reason_);
}

}  // namespace outboxd::dispatch
