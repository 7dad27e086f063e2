// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/alarm.hpp"
#include "dispatch/ports.hpp"
#include "simulation/sim_table.hpp"
#include "simulation/virtual_clock.hpp"

#include <map>
#include <random>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// How often what goes wrong, in [0, 1]; all zero once the disturbances are over.
struct Weather {
  double crash = 0;              ///< A process ends at a port call, before or after its effect.
  double store_fails = 0;        ///< A statement fails without effect.
  double answer_lost = 0;        ///< A statement or write has its effect, and its answer is lost.
  double redis_goes = 0;         ///< Redis goes away, or starts to refuse everyone, for a while.
  double entry_refused = 0;      ///< Redis refuses this one entry.
  double cut_in_the_middle = 0;  ///< The connection breaks inside a pipelined write.
  double stall = 0;              ///< An operation takes so long that leases run out.
};

/// What all processes share.
struct World {
  explicit World(std::uint64_t seed) : random{seed} {}

  bool happens(double probability) { return std::uniform_real_distribution{0.0, 1.0}(random) < probability; }
  std::chrono::milliseconds between(int shortest, int longest) {
    return std::chrono::milliseconds{std::uniform_int_distribution{shortest, longest}(random)};
  }

  std::mt19937_64 random;
  dispatch::VirtualClock clock;
  Weather weather;
  SimTable table;
  /// Rows as they stand in the streams, by outbox id: how often.
  std::map<std::string, std::uint32_t> entries;
  /// Writes of a row that were sent and not answered.
  std::map<std::string, std::uint32_t> unanswered;
  /// Refusals of this very row by Redis.
  std::map<std::string, std::uint32_t> refused;
  TimePoint redis_back_at{};
  bool redis_refuses = false;  ///< Until redis_back_at: answers with OOM, instead of being away.
};

/// Thrown through the dispatcher when its process ends in the middle of something.
struct Crashed {};

/// One process' view of the table.
class SimStore final : public dispatch::RowStore {
 public:
  SimStore(World& world, const boost::asio::any_io_executor& executor, std::string worker,
           std::chrono::milliseconds lease)
      : world_{world}, claim_alarm_{executor}, settle_alarm_{executor}, worker_{std::move(worker)}, lease_{lease} {}

  dispatch::Awaitable<dispatch::StoreResult<dispatch::ClaimedRows>> claim(dispatch::ClaimRequest request) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::Settled>> settle(
      const dispatch::Settlement& settlement) override;
  dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> free_rows_of_the_dead(int sightings) override;
  dispatch::Awaitable<dispatch::StoreResult<std::vector<std::string>>> suspects(std::string due_by) override;
  dispatch::Awaitable<dispatch::StoreResult<dispatch::BacklogSample>> sample(std::string due_by) override;

  [[nodiscard]] bool has_crashed() const { return crashed_; }
  void crash();
  void maybe_crash();

 private:
  dispatch::Awaitable<void> take_time(dispatch::Alarm& alarm);

  World& world_;
  dispatch::Alarm claim_alarm_;
  dispatch::Alarm settle_alarm_;
  std::string worker_;
  std::chrono::milliseconds lease_;
  bool crashed_ = false;
};

/// One process' view of Redis.
class SimPublisher final : public dispatch::StreamPublisher {
 public:
  SimPublisher(World& world, const boost::asio::any_io_executor& executor, SimStore& process)
      : world_{world}, alarm_{executor}, process_{process} {}

  dispatch::Awaitable<std::vector<Reply>> publish(std::span<const entry::Entry> entries,
                                                  dispatch::TimePoint not_after) override;
  dispatch::Awaitable<Reply> probe(std::string stream) override;

 private:
  Reply write(const entry::Entry& entry);
  void change_weather();
  [[nodiscard]] bool redis_is_up() const { return world_.clock.now() >= world_.redis_back_at; }

  World& world_;
  dispatch::Alarm alarm_;
  SimStore& process_;
};

}  // namespace outboxd::simulation
