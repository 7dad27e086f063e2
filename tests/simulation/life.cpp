// SPDX-License-Identifier: Apache-2.0
#include "simulation/life.hpp"

#include <algorithm>

namespace outboxd::simulation {

void Life::go_on() {
  must_live();
  if (world_.chance.happens(world_.weather.crash)) crash(Event::crash);
  if (world_.chance.happens(world_.weather.stop)) stop();
}

void Life::crash(Event why) {
  crashed_ = true;
  gone_at_ = world_.now();
  world_.count(Event::crash);
  if (why != Event::crash) world_.count(why);
  world_.trace(worker_, "crashes");
  throw Crashed{};
}

void Life::stop() {
  if (stopped_at_ || gone_at_ || !on_stop) return;
  stopped_at_ = world_.now();
  world_.count(Event::stop);
  world_.trace(worker_, "is stopped");
  on_stop();
}

bool Life::lock_is_seen() {
  if (gone_at_) return false;
  const auto now = world_.now();
  // Shorter than three scans take, and rarer than any scan is late.
  if (now > unseen_until_ + 2min && world_.chance.happens(world_.weather.lock_unseen)) {
    unseen_until_ = now + world_.chance.between(1ms, 900ms);
    world_.count(Event::lock_unseen);
  }
  return now >= unseen_until_;
}

Call::~Call() {
  const auto spent_since = [this](TimePoint when) {
    const auto spent = world_.now() - std::max(began_at_, when);
    return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(spent));
  };
  if (life_.stopped_at()) life_.busy_since_stop += spent_since(*life_.stopped_at());
  if (life_.deadline) life_.busy_beyond_deadline += spent_since(*life_.deadline);
}

}  // namespace outboxd::simulation
