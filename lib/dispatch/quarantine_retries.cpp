// SPDX-License-Identifier: Apache-2.0
#include "dispatch/quarantine_retries.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::dispatch {
namespace {

// Rows that are refused together are tried together, in no more than a tenth of the time.
constexpr std::size_t kMostRetried = 16;
constexpr int kRestToRetry = 9;

}  // namespace

std::vector<std::string> QuarantineRetries::due(std::size_t most) const {
  const auto now = shared_.clock.now();
  // With `once` each row has one turn.
  if (shared_.run.is_once() || now < next_at_) return {};
  return held_.quarantine().due(now, std::min(most, kMostRetried));
}

Awaitable<std::optional<ClaimedRows>> QuarantineRetries::retry(std::vector<std::string> ids) {
  const auto began = shared_.clock.now();
  ClaimRequest request{static_cast<std::uint32_t>(ids.size()), shared_.run.due_by(), ids, {}};
  auto claimed = co_await claims_.claim(std::move(request));
  const auto now = shared_.clock.now();
  next_at_ = now + kRestToRetry * (now - began);
  if (!claimed) co_return claimed;
  for (const auto& id : ids) {
    if (std::ranges::find(claimed->refused, id, &RefusedRow::id) != claimed->refused.end()) continue;
    const bool is_claimed = std::ranges::find(claimed->rows, id, &Row::id) != claimed->rows.end();
    // A row in neither list is no longer due, or there was no time for it.
    if (!is_claimed && claimed->more) continue;
    held_.quarantine().release(id, is_claimed);
    held_.refused_claims().forget(id);
  }
  held_.report(now);
  co_return claimed;
}

}  // namespace outboxd::dispatch
