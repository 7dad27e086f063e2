// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <string>
#include <vector>

namespace outboxd::simulation {

using dispatch::TimePoint;

struct World;

/// The server that all write to: whether it can be reached, and what it says to an entry.
class SimRedis {
 public:
  enum class State {
    up,
    away,     ///< Nobody gets a connection.
    refuses,  ///< It answers everybody with an error.
    hangs,    ///< It takes what is written and never answers.
  };

  explicit SimRedis(World& world) : world_{world} {}

  /// As `worker` finds it.
  [[nodiscard]] State state(const std::string& worker) const;
  /// Changes of weather, as they are met by `worker`.
  void change_weather(const std::string& worker);
  void end_all_trouble();

  /// Carries an XADD out, or refuses it. `meant` is whose fault a refusal is, whatever is made of its words.
  struct Answer {
    Fault meant = Fault::none;
    std::string text;
  };
  Answer xadd(const std::string& id, const std::string& stream, const std::string& worker);
  /// The same, some time from now, with nobody there to be answered.
  void xadd_later(const std::string& id, const std::string& stream);
  /// What a refusal of everybody sounds like.
  [[nodiscard]] std::string refusal() const { return refusal_; }
  /// Whether a probe is answered as if nothing were wrong, while entries are not.
  [[nodiscard]] bool deceives_probes() const { return deceives_probes_; }

 private:
  void go(State state, const std::string& worker);

  World& world_;
  State state_ = State::up;
  TimePoint until_{};
  /// Whose connection it is about; empty: everybody's.
  std::string only_;
  std::string refusal_;
  bool deceives_probes_ = false;
  std::string moved_stream_;
  TimePoint moved_until_{};
};

}  // namespace outboxd::simulation
