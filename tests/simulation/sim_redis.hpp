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

  explicit SimRedis(World& world);

  /// As `worker` finds it.
  [[nodiscard]] State state(const std::string& worker) const;
  /// Changes of weather, as they are met by `worker`.
  void change_weather(const std::string& worker);
  void end_all_trouble();

  /// Carries an XADD out, or refuses it: Fault::refused, as whose fault it is shows in what else goes through alone.
  struct Answer {
    Fault meant = Fault::none;
    std::string text;
  };
  Answer xadd(const std::string& id, const std::string& stream, const std::string& worker);
  /// The same, some time from now, with nobody there to be answered.
  void xadd_later(const std::string& id, const std::string& stream);
  /// What a refusal of everybody sounds like.
  [[nodiscard]] std::string refusal() const { return refusal_; }
  /// What a probe of the stream is refused with; empty: it is answered.
  [[nodiscard]] std::string refusal_of_probe(const std::string& stream) const;
  /// Since then the stream that takes nothing takes entries.
  void mend_bad_stream() { bad_stream_words_.clear(); }
  [[nodiscard]] bool has_bad_stream() const { return !bad_stream_words_.empty(); }
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
  /// A stream that is refused for a while, and with which words.
  std::string refused_stream_;
  std::string stream_words_;
  TimePoint stream_refused_until_{};
  /// Those of a stream that takes nothing for long; empty: it does.
  std::string bad_stream_words_;
};

}  // namespace outboxd::simulation
