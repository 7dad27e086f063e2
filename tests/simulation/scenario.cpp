// SPDX-License-Identifier: Apache-2.0
#include "simulation/scenario.hpp"

#include "dispatch/dispatcher.hpp"
#include "simulation/sim_ports.hpp"
#include "support/silent_observer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <sstream>

namespace outboxd::simulation {
namespace {

using namespace std::chrono_literals;

constexpr auto kLease = 30s;
constexpr auto kStorm = 10min;
// Long enough for the longest outage, lease and retry delay to have passed many times over.
constexpr auto kPatience = 6h;

/// One process: a dispatcher and its view of the world.
struct Process {
  Process(World& world, const boost::asio::any_io_executor& executor, const std::string& worker)
      : store{world, executor, worker, kLease},
        publisher{world, executor, store},
        dispatcher{
            executor, options(world),
            dispatch::DispatcherParts{store, publisher, world.clock, observer, entry::Encoder{{}, {}}, [&world] {
                                        return std::uniform_real_distribution{0.0, 1.0}(world.random);
                                      }}} {}

  static dispatch::DispatcherOptions options(World& world) {
    dispatch::DispatcherOptions options;
    options.batch_rows = 1 + static_cast<std::uint32_t>(world.random() % 20);
    options.retry = {Profile::api, 100};
    return options;
  }

  SimStore store;
  SimPublisher publisher;
  test::SilentObserver observer;
  dispatch::Dispatcher dispatcher;
  bool ended = false;
};

Weather weather_of(World& world) {
  const auto some = [&](double most) {
    return world.happens(0.5) ? std::uniform_real_distribution{0.0, most}(world.random) : 0.0;
  };
  return {.crash = some(0.003),
          .store_fails = some(0.1),
          .answer_lost = some(0.05),
          .redis_goes = some(0.02),
          .entry_refused = some(0.05),
          .cut_in_the_middle = some(0.05),
          .stall = some(0.01)};
}

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed) : world_{seed} {}

  ScenarioResult run() {
    world_.weather = weather_of(world_);
    const auto processes = 2 + world_.random() % 2;
    result_.rows = 20 + world_.random() % 100;
    const auto start = world_.clock.now();
    for (std::uint64_t i = 0; i < result_.rows; ++i) insert(i, start + world_.between(0, 500'000));
    for (std::uint64_t i = 0; i < processes; ++i) launch();
    turn(start);
    check();
    // Whatever has not ended is unwound before the world that it refers to.
    for (auto& process : processes_) process->dispatcher.stop();
    for (int steps = 0; steps < 100'000 && !all_ended(); ++steps) step();
    if (!all_ended()) result_.faults.emplace_back("a dispatcher does not end when it is told to stop");
    return std::move(result_);
  }

 private:
  void insert(std::uint64_t number, TimePoint available_at) {
    const auto id = std::to_string(100'000 + number);
    // Some rows can never be published: they alone may end dead.
    const bool bad = world_.happens(0.02);
    world_.table.insert({.id = id,
                         .stream = "s" + std::to_string(number % 3),
                         .payload_json = bad ? "[]" : R"({"a": 1})",
                         .dedupe_key = std::nullopt},
                        available_at);
  }

  void launch() {
    const auto worker = "worker-" + std::to_string(processes_.size());
    processes_.push_back(std::make_unique<Process>(world_, loop_.get_executor(), worker));
    auto* process = processes_.back().get();
    boost::asio::co_spawn(loop_, process->dispatcher.run(),
                          [process](const std::exception_ptr&) { process->ended = true; });
  }

  bool step() {
    loop_.restart();
    loop_.poll();
    return world_.clock.advance();
  }

  void turn(TimePoint start) {
    while (world_.clock.now() < start + kPatience && !world_.table.all_done()) {
      if (world_.clock.now() >= start + kStorm) {
        world_.weather = {};
        world_.redis_back_at = std::min(world_.redis_back_at, world_.clock.now());
      }
      if (!step()) {
        result_.faults.emplace_back("every dispatcher waits for something that never comes");
        return;
      }
      for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (!processes_[i]->ended || restarted_.contains(i)) continue;
        restarted_.insert({i, true});
        ++result_.crashes;
        launch();
      }
    }
  }

  [[nodiscard]] bool all_ended() const {
    for (const auto& process : processes_) {
      if (!process->ended) return false;
    }
    return true;
  }

  void expect(bool kept, const SimRow& row, const std::string& promise) {
    if (kept) return;
    std::ostringstream fault;
    fault << "row " << row.row.id << ": " << promise << " (claims " << row.claims << ", releases " << row.releases
          << ", leases run out " << row.leases_run_out << ", attempts " << row.attempts << ", entries "
          << world_.entries[row.row.id] << ", unanswered " << world_.unanswered[row.row.id] << ", refused "
          << world_.refused[row.row.id] << ", last error '" << row.last_error << "')";
    result_.faults.push_back(fault.str());
  }

  void check() {
    for (const auto& [id, row] : world_.table.rows()) {
      const auto entries = world_.entries[id];
      const auto unanswered = world_.unanswered[id];
      if (row.row.payload_json == "[]") {
        expect(row.dead && entries == 0, row, "a row that can't be published is dead and never sent");
        continue;
      }
      expect(row.published && entries >= 1, row, "every row reaches its stream");
      expect(!row.dead, row, "no row is dead without its own fault");
      expect(entries <= 1 + unanswered + row.leases_run_out, row,
             "a row repeats only after an unanswered write or a lease that ran out");
      expect(row.attempts <= 1 + world_.refused[id] + unanswered + row.leases_run_out, row,
             "an attempt is spent only on a refusal, an unanswered write or a lease that ran out");
      expect(row.attempts + row.releases == row.claims, row, "attempts add up");
      if (entries > 1) result_.repeats += entries - 1;
    }
  }

  World world_;
  boost::asio::io_context loop_{1};
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<std::size_t, bool> restarted_;
  ScenarioResult result_;
};

}  // namespace

ScenarioResult run_scenario(std::uint64_t seed) {
  return Scenario{seed}.run();
}

}  // namespace outboxd::simulation
