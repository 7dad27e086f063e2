// SPDX-License-Identifier: Apache-2.0
#include "dispatch/breaker_probe.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outboxd::dispatch {
namespace {

// With no time to wait.
constexpr int kExplorationsWithOnce = 10;

}  // namespace

Awaitable<void> BreakerProbe::run(bool all) {
  auto& run = shared_.run;
  bool any = co_await explore(all);
  if (run.waits_for_outages()) co_return;
  for (int i = 1; any && i < kExplorationsWithOnce && gate_.has_refused_streams() && !run.claiming_is_over(); ++i) {
    any = co_await explore(all);
  }
  if (gate_.is_shut()) run.give_up(shared_.health.trouble().redis);
}

// A proxy without a route to one stream's server may refuse all rows that are due now, and its probe as well. That
// must not hold up rows of other streams that are inserted later. And this server may always give the same answer to
// a probe: then only an entry shows whether it still refuses.
Awaitable<bool> BreakerProbe::explore(bool all) {
  auto& probe_schedule = gate_.probe_schedule();
  const auto wanted = probe_schedule.rows();
  std::size_t tried = 0;
  // Streams that were blocked earlier have no probes of their own meanwhile.
  gate_.blocked().put_all_on_trial(shared_.clock.now());
  while (tried < wanted && gate_.has_refused_streams() && !shared_.run.claiming_is_over()) {
    const auto sent = co_await explore_some(wanted - tried, all);
    if (sent == 0) break;
    tried += sent;
  }
  if (tried == 0) probe_schedule.start_over();
  probe_schedule.wait(shared_.clock.now(), shared_.random());
  co_return tried > 0;
}

Awaitable<std::size_t> BreakerProbe::explore_some(std::size_t limit, bool all) {
  auto without = held_.ids(shared_.clock.now());
  std::ranges::copy(gate_.probe_schedule().tried(), std::back_inserter(without));
  const auto rows = std::min<std::size_t>(limit, shared_.options.batch_rows);
  ClaimRequest request{
      static_cast<std::uint32_t>(rows), shared_.run.due_by(), {}, std::move(without), gate_.refused_streams()};
  auto claimed = co_await claims_.claim(request);
  if (claimed && claimed->rows.empty() && all && !shared_.run.claiming_is_over()) {
    request.except_streams = gate_.blocked().left_out();
    claimed = co_await claims_.claim(std::move(request));
  }
  if (!claimed || claimed->rows.empty()) co_return 0;
  const auto sent = claimed->rows.size();
  for (const auto& row : claimed->rows) gate_.probe_schedule().has_tried(row.id);
  Work work{std::move(*claimed), true, {}};
  co_await work_.push(std::move(work));
  if (shared_.in_flight.rows() > 0) co_await idle_.disarm();
  co_await shared_.in_flight.drained();
  co_return sent;
}

}  // namespace outboxd::dispatch
