// SPDX-License-Identifier: Apache-2.0
#include "simulation/scenario.hpp"

#include "simulation/foreign_dispatcher.hpp"
#include "simulation/process.hpp"
#include "simulation/promises.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>

namespace outboxd::simulation {
namespace {

// Long enough for a row to use up a hundred attempts, each with its lease or its delay.
constexpr auto kPatience = 8h;
// The longest retry delay, the longest lease, and the time to work off the rest.
constexpr auto kRecovery = 10min;
// How long after the storm the bad stream is mended; its rows must still be there.
constexpr auto kMended = 30min;
constexpr auto kDeadWorkerFreed = 2s;

class Scenario {
 public:
  Scenario(std::uint64_t seed, bool traced) : world_{seed, traced} {}

  ScenarioResult run() {
    began_at_ = world_.now();
    insert_backlog();
    for (std::uint64_t i = 0; i < world_.setting.processes; ++i) launch();
    if (world_.setting.other_program) boost::asio::co_spawn(loop_, foreign_.run(), boost::asio::detached);
    world_.at(began_at_ + world_.setting.storm, [this] { clear_up(); });
    trickle();
    while (world_.now() < began_at_ + kPatience && !(trickled_enough_ && world_.table.all_done())) {
      if (world_.is_broken() || !step()) break;
    }
    end_all();
    check_rows(world_);
    result_.faults = world_.faults;
    result_.rows = world_.table.rows().size();
    result_.events = world_.events;
    return std::move(result_);
  }

 private:
  void insert_backlog() {
    const bool bursts = world_.chance.happens(0.5);
    const auto storm = world_.setting.storm;
    for (std::uint64_t i = 0; i < world_.setting.rows; ++i) {
      const auto spread = world_.chance.between(0ms, storm);
      insert(world_.now() + (bursts ? spread / (storm / 3) * (storm / 3) : spread), draw_poison());
      if (world_.setting.bad_stream && world_.chance.happens(0.1)) insert(world_.now(), Poison::none, "bad");
    }
    // Each fault of the setting has at least one row.
    for (std::size_t i = 1; i < kPoisons; ++i) {
      const auto kind = static_cast<Poison>(i);
      if (world_.setting.has(kind)) insert(world_.now() + world_.chance.between(0ms, 100s), kind);
    }
  }

  Poison draw_poison() {
    for (std::size_t i = 1; i < kPoisons; ++i) {
      if (world_.chance.happens(world_.setting.poison[i])) return static_cast<Poison>(i);
    }
    return Poison::none;
  }

  std::string insert(TimePoint available_at, Poison poison, std::string stream = {}) {
    static constexpr auto kFirst = static_cast<std::size_t>(Event::payload_no_object) - 1;
    const auto number = world_.table.rows().size();
    auto id = std::to_string(100'000 + number);
    if (stream.empty()) stream = "s" + std::to_string(number % 3);
    if (poison == Poison::stream_empty) stream.clear();
    if (poison != Poison::none) world_.count(static_cast<Event>(kFirst + static_cast<std::size_t>(poison)));
    world_.facts[id] = {.poison = poison, .inserted_at = world_.now()};
    if (world_.calm_since == TimePoint::max()) draw_refusals(world_.facts[id]);
    const bool keyed = world_.chance.happens(0.3);
    world_.table.insert({.id = id,
                         .stream = std::move(stream),
                         .payload_json = poison == Poison::payload_no_object ? "[]" : "",
                         .dedupe_key = keyed ? std::optional{"key-" + id} : std::nullopt},
                        available_at);
    tell_of_commit();
    return id;
  }

  void draw_refusals(RowFacts& facts) {
    const auto& setting = world_.setting;
    auto& chance = world_.chance;
    const auto refusing = [&](double share) -> Refusing {
      if (!chance.happens(share)) return {};
      const bool for_long = setting.refused_for_long && chance.happens(0.3);
      const auto time = chance.between(1s, 5min);
      static constexpr std::array kCauses{"P0001", "23514", "22003"};
      std::string cause = setting.slow_refusals && chance.happens(0.3) ? "57014" : kCauses.at(chance.below(3));
      return {for_long ? TimePoint::max() : world_.now() + time, std::move(cause)};
    };
    facts.claim_refused = refusing(setting.refused_claims);
    facts.settlement_refused = refusing(setting.refused_settlements);
    if (facts.settlement_refused.until > TimePoint{} && chance.happens(0.2)) facts.settlement_refused.cause.clear();
    if (setting.most_row_bytes > 0) facts.bytes = chance.below(setting.most_row_bytes);
  }

  void tell_of_commit() {
    const auto holder = world_.lives.find(world_.told_of_commits);
    // A connection that ended has lost its notifications.
    if (holder == world_.lives.end() || holder->second->gone_at() || world_.chance.happens(0.1)) return;
    for (const auto& [worker, notify] : std::exchange(world_.wait_for_commits, {})) {
      if (world_.lives.at(worker)->gone_at()) continue;
      world_.count(Event::woken);
      notify();
    }
  }

  /// Inserts a fresh row now and then, so that some rows go through as long as others don't.
  void trickle() {
    const auto is_worth_waiting_for = [this](const SimRow* row) {
      return world_.facts.at(row->row.id).inserted_at == began_at_;
    };
    if (world_.calm_since != TimePoint::max() && std::ranges::none_of(world_.table.pending(), is_worth_waiting_for)) {
      trickled_enough_ = true;
      return;
    }
    const auto id = insert(world_.now(), Poison::none);
    if (world_.now() - kRecovery / 2 > world_.calm_since && !world_.setting.has_killers()) time(id);
    world_.at(world_.now() + world_.setting.trickle, [this] { trickle(); });
  }

  /// One bad row or stream must not hold back the others.
  void time(const std::string& id) {
    world_.count(Event::timed_row);
    if (world_.setting.has_refused_rows()) world_.count(Event::timed_beside_refused_rows);
    if (world_.setting.bad_stream) world_.count(Event::timed_beside_bad_stream);
    // The time of a search among slow rows, and of a try of one of them alone.
    const auto slow = world_.setting.slow_refusals ? RefusalSearch::kLongest + ClaimPatience::kLongest : 0s;
    world_.at(world_.now() + 10s + slow + 2 * world_.setting.longest_poll, [this, id] {
      if (!world_.table.row(id).done()) world_.fault("row " + id + ": in good weather a row is in its stream soon");
    });
  }

  void launch() {
    if (ending_) return;
    const auto worker = "outboxd:" + std::to_string(processes_.size());
    processes_.push_back(std::make_unique<Process>(world_, loop_.get_executor(), worker));
    auto* process = processes_.back().get();
    alive_.push_back(process);
    process->start(loop_);
    if (world_.calm_since == TimePoint::max() && world_.chance.happens(world_.setting.stopped_later)) {
      world_.at(world_.now() + world_.chance.between(0ms, 2min), [process] { process->life().stop(); });
    }
  }

  void clear_up() {
    world_.weather = {};
    world_.redis.end_all_trouble();
    world_.store_back_at = {};
    for (const auto& process : processes_) process->life().store_back_at = {};
    world_.calm_since = world_.now();
    world_.table_refuses = {};
    world_.at(world_.now() + kMended, [this] { mend(); });
    if (!world_.setting.has_killers()) world_.at(world_.now() + kRecovery, [this] { check_recovery(); });
  }

  /// The long-lasting faults, beside poison.
  void mend() {
    world_.redis.mend_bad_stream();
    for (auto& [id, facts] : world_.facts) {
      facts.claim_refused = {};
      facts.settlement_refused = {};
    }
  }

  void check_recovery() {
    for (const auto* row : world_.table.pending()) {
      const auto since = world_.now() - world_.facts.at(row->row.id).inserted_at;
      const auto& facts = world_.facts.at(row->row.id);
      const bool waits =
          (row->row.stream == "bad" && world_.redis.has_bad_stream()) ||
          std::max(facts.claim_refused.until, facts.settlement_refused.until) > world_.now() - kRecovery;
      // Slow tries of rows in quarantine leave other rows little time.
      if (world_.setting.slow_refusals && !facts.claim_refused_to.empty()) continue;
      if (is_poisoned(world_, *row) || waits || since < kRecovery) continue;
      world_.fault("row " + row->row.id + ": in good weather the backlog is worked off");
    }
    const auto works = [](const Process* process) { return process->health() == dispatch::Health::working; };
    // If other processes take all good rows, one may have met only the bad stream.
    const bool drops =
        world_.setting.has(Poison::drops_connection) || world_.setting.bad_stream || world_.setting.refused_for_long;
    if (!drops && !std::ranges::all_of(alive_, works)) world_.fault("in good weather every dispatcher says it works");
  }

  /// Advances to the next event; false when there will be none.
  bool step() {
    loop_.restart();
    loop_.poll();
    replace_the_ended();
    if (spins()) return false;
    const auto planned = world_.agenda.empty() ? TimePoint::max() : world_.agenda.begin()->first;
    if (planned > world_.clock.next()) return world_.clock.advance();
    if (world_.agenda.empty()) {
      world_.fault("every dispatcher waits for something that never comes");
      return false;
    }
    world_.clock.jump(planned);
    const auto what = world_.agenda.extract(world_.agenda.begin());
    what.mapped()();
    return true;
  }

  bool spins() {
    constexpr int kMostSteps = 10'000;
    steps_at_once_ = world_.now() == stepped_at_ ? steps_at_once_ + 1 : 0;
    stepped_at_ = world_.now();
    if (steps_at_once_ < kMostSteps) return false;
    world_.fault("no dispatcher spins without waiting");
    return true;
  }

  void replace_the_ended() {
    for (std::size_t i = 0; i < alive_.size();) {
      auto* process = alive_[i];
      if (!process->has_ended()) {
        ++i;
        continue;
      }
      alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(i));
      const auto gone_at = *process->life().gone_at();
      world_.at(gone_at + kDeadWorkerFreed,
                [this, process, gone_at] { check_freed(process->life().worker(), gone_at); });
      // A run with `once` is started after a while, a daemon at once.
      const auto pause = world_.chance.between(0ms, process->is_daemon() ? 5s : 30s);
      world_.at(world_.now() + pause, [this] { launch(); });
    }
  }

  /// Whether another process that lived all the time, and reached the store, has seen that it is dead.
  void check_freed(const std::string& worker, TimePoint gone_at) {
    const auto watched = [this, gone_at](Process* other) {
      const auto& life = other->life();
      if (!other->is_daemon() || life.stopped_at()) return false;
      const bool waits = life.watch_asked_at && *life.watch_asked_at < world_.now() - 50ms;
      return life.began_at() <= gone_at && life.watches_since() <= gone_at && !waits;
    };
    if (std::ranges::none_of(alive_, watched)) return;
    for (const auto* row : world_.table.pending()) {
      if (row->locked_by != worker || row->is_free(world_.now())) continue;
      world_.fault("row " + row->row.id + ": a dead worker's rows are free within two seconds");
    }
  }

  /// Stops all processes, without faults; their remaining coroutines would refer to destroyed objects.
  void end_all() {
    ending_ = true;
    foreign_.stop();
    for (auto* process : alive_) process->life().stop();
    for (int steps = 0; steps < 100'000 && !alive_.empty(); ++steps) {
      if (!step()) break;
    }
    if (alive_.empty()) return;
    world_.fault("a dispatcher ends when it is stopped");
    // Their coroutines are destroyed with the loop, so the objects that they refer to must still exist.
    for (auto& process : processes_) (void)process.release();
    processes_.clear();
  }

  World world_;
  boost::asio::io_context loop_{1};
  ForeignDispatcher foreign_{world_, loop_.get_executor(), "service:1"};
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Process*> alive_;
  TimePoint began_at_{};
  TimePoint stepped_at_{};
  int steps_at_once_ = 0;
  bool trickled_enough_ = false;
  bool ending_ = false;
  ScenarioResult result_;
};

}  // namespace

ScenarioResult run_scenario(std::uint64_t seed, bool traced) {
  return Scenario{seed, traced}.run();
}

}  // namespace outboxd::simulation
