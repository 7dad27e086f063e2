// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"

#include <string>
#include <vector>

namespace outboxd::simulation {

using dispatch::TimePoint;

struct World;

/// The server that all processes write to: whether it is reachable, and its answer to an entry.
class SimRedis {
 public:
  enum class State {
    up,
    away,     ///< No connection can be opened.
    refuses,  ///< It answers every command with an error.
    hangs,    ///< It takes what is written and never answers.
  };

  explicit SimRedis(World& world);

  /// As `worker` finds it.
  [[nodiscard]] State state(const std::string& worker) const;
  /// Changes of weather, as `worker` meets them.
  void change_weather(const std::string& worker);
  void end_all_trouble();

  /// Carries an XADD out, or refuses it: Fault::refused, as only other entries show what is at fault.
  struct Answer {
    Fault meant = Fault::none;
    std::string text;
  };
  Answer xadd(const std::string& id, const std::string& stream, const std::string& worker);
  /// The same after some time, when no client waits for the answer any more.
  void xadd_later(const std::string& id, const std::string& stream);
  /// The words with which it refuses all entries.
  [[nodiscard]] std::string refusal() const { return refusal_; }
  /// The words with which it refuses a probe of the stream; empty: it answers.
  [[nodiscard]] std::string refusal_of_probe(const std::string& stream) const;
  /// From now on the bad stream takes entries.
  void mend_bad_stream() { bad_stream_words_.clear(); }
  [[nodiscard]] bool has_bad_stream() const { return !bad_stream_words_.empty(); }
  /// Whether a probe is answered as if all were well, while entries are not.
  [[nodiscard]] bool deceives_probes() const { return deceives_probes_; }

 private:
  void go(State state, const std::string& worker);

  World& world_;
  State state_ = State::up;
  TimePoint until_{};
  /// The only worker whose connection is affected; empty: all are.
  std::string only_;
  std::string refusal_;
  bool deceives_probes_ = false;
  /// A stream that is refused for a while, and the words for it.
  std::string refused_stream_;
  std::string stream_words_;
  TimePoint stream_refused_until_{};
  /// The words with which the bad stream is refused; empty: it takes entries.
  std::string bad_stream_words_;
};

}  // namespace outboxd::simulation
