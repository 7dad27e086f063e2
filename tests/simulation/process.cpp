// SPDX-License-Identifier: Apache-2.0
#include "simulation/process.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace outboxd::simulation {
namespace {

Milliseconds draw_lease(Chance& chance) {
  return chance.between(5s, chance.happens(0.5) ? Milliseconds{10s} : Milliseconds{60s});
}

dispatch::DispatcherParts parts_of(World& world, SimStore& store, SimPublisher& publisher,
                                   CountingObserver& observer) {
  return {.source = store,
          .outcomes = store,
          .streams = publisher,
          .clock = world.clock,
          .observer = observer,
          .encoder = entry::Encoder{{}, {}},
          .random = [&world] { return world.chance.fraction(); },
          .commits = &store,
          .housekeeping = &store,
          .backlog = &store};
}

}  // namespace

void CountingObserver::failed(std::string_view /*stream*/, Fault fault, std::string_view /*reason*/) {
  ++reasons[fault];
  if (fault == Fault::lease_expiring) world_.count(Event::lease_expiring);
  if (fault == Fault::stream_blocked) world_.count(Event::stream_blocked);
  if (fault == Fault::stopping) world_.count(Event::stopping);
}

void CountingObserver::refused_by_store(std::span<const dispatch::RefusedRow> rows) {
  // How long a refused row is remembered.
  constexpr auto kBlamed = 10min;
  for (const auto& row : rows) {
    const auto& refused_at = world_.facts.at(row.id).refused_at;
    const bool is_its_own = row.cause.empty() || (refused_at && world_.now() - *refused_at < kBlamed);
    // An outage can't be distinguished from an earlier refusal of the row; nor can it while rows are refused for
    // different causes, or while the answer to an earlier write may come late.
    const auto& outage = world_.table_refuses;
    const bool can_be_told = world_.now() < outage.until && outage.first_refusals.contains({worker_, row.id}) &&
                             !world_.setting.has_refused_rows() && world_.weather.stall == 0;
    if (is_its_own || !can_be_told) continue;
    world_.fault(worker_ + ": row " + row.id + ": no row is blamed when the table refuses every row");
  }
}

Process::Process(World& world, const boost::asio::any_io_executor& executor, const std::string& worker)
    : world_{world},
      life_{world, worker},
      options_{draw_options()},
      ledger_{world, life_, options_},
      store_{world, life_, ledger_, executor, draw_lease(world.chance)},
      publisher_{world, life_, ledger_, executor, options_.lease_reserve},
      observer_{world, worker},
      dispatcher_{executor, options_, parts_of(world, store_, publisher_, observer_)} {
  world_.lives[worker] = &life_;
  life_.on_stop = [this] { stop(); };
  life_.on_lost_lease = [this](const std::string& lease) {
    if (!life_.has_crashed()) ledger_.loses(lease);
  };
}

dispatch::DispatcherOptions Process::draw_options() {
  auto& chance = world_.chance;
  dispatch::DispatcherOptions options;
  options.batch_rows = 1 + static_cast<std::uint32_t>(chance.below(chance.happens(0.5) ? 5 : 50));
  options.poll_interval = chance.between(50ms, world_.setting.longest_poll);
  options.lease_reserve = chance.between(200ms, 2s);
  options.shutdown_timeout = chance.happens(0.2) ? Milliseconds{0} : chance.between(0ms, 10s);
  options.backoff_min = chance.between(20ms, 200ms);
  options.backoff_max = chance.between(200ms, 3s);
  options.sample_interval = chance.between(1s, 10s);
  options.retry = world_.setting.retry;
  options.once = chance.happens(world_.setting.once) && world_.calm_since == TimePoint::max();
  if (options.once && chance.happens(0.7)) options.once_deadline = world_.now() + chance.between(1ms, 60s);
  life_.deadline = options.once_deadline;
  if (options.once) world_.count(Event::once_run);
  return options;
}

void Process::start(boost::asio::io_context& loop) {
  boost::asio::co_spawn(loop, dispatcher_.run(), [this](const std::exception_ptr& error) { end(error); });
}

void Process::stop() {
  const auto stop_deadline = world_.now() + options_.shutdown_timeout;
  life_.deadline = life_.deadline ? std::min(*life_.deadline, stop_deadline) : stop_deadline;
  if (ledger_.leases_in_hand() > 0) world_.count(Event::stop_with_rows_in_hand);
  dispatcher_.stop();
}

void Process::end(const std::exception_ptr& error) {
  ended_ = true;
  if (life_.has_crashed()) return;
  life_.end();
  expect(!error, "run() throws nothing");
  expect(life_.stopped_at() || options_.once, "a daemon ends only when it is stopped");
  check_stop();
  if (options_.once) check_once();
  check_metrics();
  ledger_.close(dispatcher_.tally(), observer_.reasons);
}

void Process::check_stop() {
  // The time beyond the deadline, or after the stop, is spent in calls that were under way; the dispatcher waits for
  // nothing else, unless the store doesn't take the outcomes.
  const auto now = world_.now();
  const Milliseconds slack = options_.once ? Milliseconds{300} : Milliseconds{1};
  if (life_.deadline) {
    expect(now <= *life_.deadline + life_.busy_beyond_deadline + slack, "a run ends within its deadline");
  }
  if (!life_.stopped_at()) return;
  const auto idle = now - *life_.stopped_at() - life_.busy_since_stop;
  expect(idle <= slack || life_.met_trouble_since(*life_.stopped_at()), "a stop in good weather waits for nothing");
}

void Process::check_once() {
  const auto& reason = dispatcher_.abort_reason();
  if (!reason.empty()) {
    world_.count(Event::once_gave_up);
    const bool late = options_.once_deadline && world_.now() >= *options_.once_deadline;
    const bool may_wait = options_.once_deadline.has_value();
    expect(late || !may_wait, "with time left, outages are waited out");
    return;
  }
  if (life_.stopped_at()) return;
  const auto due_by = read_time(ledger_.due_by());
  for (const auto* row : world_.table.pending()) {
    const bool was_due = row->available_at <= due_by && row->is_free(world_.now());
    const bool was_ours = row->freed_by == life_.worker() || row->freed_at < ledger_.last_claim_at();
    const bool seen = world_.facts.at(row->row.id).passed_over_at < ledger_.last_claim_at() && row->lease.empty();
    const bool refused = ledger_.is_refused(row->row.stream);
    // For a row that was sent only the outcome is missing, and the report counts it as unsettled.
    const bool sent = ledger_.has_sent(row->row.id);
    const bool is_held = world_.facts.at(row->row.id).claim_refused_to.contains(life_.worker());
    expect(!was_due || !was_ours || !seen || refused || sent || is_held,
           "row " + row->row.id + ": with once, what was due has its turn");
  }
}

void Process::check_metrics() {
  const auto& told = observer_.told;
  const auto& tally = dispatcher_.tally();
  const bool same = told.claimed == tally.claimed && told.published == tally.published &&
                    told.retried == tally.retried && told.released == tally.released && told.dead == tally.dead &&
                    told.leases_lost == tally.leases_lost && told.possible_duplicates == tally.possible_duplicates;
  expect(same, "metrics say what the tally says");
  expect(tally.claimed == tally.published + tally.retried + tally.dead + tally.released, "each claim has an outcome");
}

}  // namespace outboxd::simulation
