// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/wait_notice.hpp"

#include "daemon/commands/dead/tables.hpp"
#include "telemetry/terminal.hpp"

namespace outboxd::daemon {

std::string why_waiting(const DaemonAnswer& daemon, const std::string& dispatcher) {
  if (!daemon.asked) return "no daemon is asked, as http.listen is " + daemon.address + ": is one running?";
  if (!daemon.answers()) {
    return "no daemon answers at " + daemon.address + " (" + daemon.why_none +
           "): start it (systemctl start outboxd), or publish what is due with outboxd --once";
  }
  const auto known = daemon.state.dispatchers.find(dispatcher);
  if (known == daemon.state.dispatchers.end()) {
    return "the daemon at " + daemon.address + " has no dispatcher of this name: is another one running?";
  }
  const auto& state = known->second;
  if (!state.ready) return "the dispatcher is not ready: " + state.reason;
  if (state.notes.empty()) return "the dispatcher is ready, and has not come to them yet";
  std::string notes;
  for (const auto& note : state.notes) notes += (notes.empty() ? "" : "; ") + note;
  return "the daemon reports: " + notes;
}

void WaitNotice::looked(const dead_rows::Outcomes& now) {
  constexpr std::chrono::seconds kBetween{30};
  if (Clock::now() < next_ || now.waiting + now.retrying == 0) return;
  say(now);
  next_ = Clock::now() + kBetween;
}

void WaitNotice::ended(const dead_rows::Outcomes& now) {
  if (!has_said_ && now.waiting + now.retrying > 0) say(now);
}

void WaitNotice::say(const dead_rows::Outcomes& now) {
  has_said_ = true;
  telemetry::Terminal::standard_error().show_progress("");
  std::string rows = std::to_string(now.waiting) + " of the requeued rows are still on their way";
  if (now.retrying > 0) rows += ", and " + std::to_string(now.retrying) + " have failed again";
  print_dead_error("requeue", rows + ": " + why_waiting(ask_daemon(settings_.http), settings_.dispatcher.name));
}

}  // namespace outboxd::daemon
