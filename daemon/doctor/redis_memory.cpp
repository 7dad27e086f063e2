// SPDX-License-Identifier: Apache-2.0
// Whether Redis has room for entries and for clients.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <cmath>

namespace outboxd::daemon::doctor {
namespace {

constexpr double kFull = 1.0;
constexpr double kNearlyFull = 0.85;
constexpr double kShareOfMachine = 0.8;

std::string percent(double share) {
  return std::to_string(std::llround(share * 100)) + " %";
}

/// More memory where the machine certainly has it; a snapshot needs some, too.
std::string room_command(const RedisFacts& facts, std::uint64_t maxmemory) {
  constexpr double kSafeShare = 0.7;
  const auto machine = static_cast<double>(facts.number("total_system_memory").value_or(0));
  const std::string trim =
      "trim a stream that all its groups have read: " + facts.cli + " XTRIM STREAM MAXLEN '~' LENGTH";
  if (2 * static_cast<double>(maxmemory) < kSafeShare * machine) {
    const auto change = facts.change_of("maxmemory " + std::to_string(2 * maxmemory));
    return change + (change.find("  # ") == std::string::npos ? "  # or " : "; or ") + trim;
  }
  return facts.cli + " --bigkeys  # bound the largest streams (dispatcher.stream_maxlen), or " + trim;
}

}  // namespace

Findings memory_of(const RedisFacts& facts) {
  const std::string check = "redis.memory";
  const auto used = facts.number("used_memory");
  if (!used) return {};
  const auto maxmemory = facts.number("maxmemory").value_or(0);
  Finding finding{.check = check, .subject = facts.server};
  if (maxmemory == 0) {
    const auto machine = facts.number("total_system_memory").value_or(0);
    finding.seen = size_text(*used) + " used, without a bound (maxmemory 0)";
    if (machine > 0) finding.seen += " on a machine of " + size_text(machine);
    if (machine > 0 && static_cast<double>(*used) > kShareOfMachine * static_cast<double>(machine)) {
      finding.severity = Severity::warning;
      finding.why = "the kernel ends a process that takes all memory, and a fork for a snapshot needs some, too";
      finding.remedy = facts.cli + " --bigkeys  # then bound the largest streams (dispatcher.stream_maxlen)";
    }
    return {finding};
  }
  const auto share = static_cast<double>(*used) / static_cast<double>(maxmemory);
  finding.seen = size_text(*used) + " of maxmemory " + size_text(maxmemory) + " used (" + percent(share) + ")";
  if (const auto refused = facts.field("errorstat_OOM")) {
    finding.seen += "; commands refused with OOM since its start: " + refused->substr(refused->find('=') + 1);
  }
  if (share < kNearlyFull) return {finding};
  finding.severity = share >= kFull ? Severity::critical : Severity::warning;
  finding.why = facts.setting("maxmemory-policy").value_or("noeviction") == "noeviction"
                    ? "a full Redis answers every XADD with OOM: rows wait in the table, and none dies of it"
                    : "a full Redis evicts keys by its maxmemory-policy";
  finding.remedy = room_command(facts, maxmemory);
  return {finding};
}

Findings clients_of(const RedisFacts& facts) {
  const std::string check = "redis.clients";
  const auto connected = facts.number("connected_clients");
  const auto most = facts.number("maxclients");
  if (!connected || !most || *most == 0) return {};
  const auto share = static_cast<double>(*connected) / static_cast<double>(*most);
  Finding finding{.check = check,
                  .subject = facts.server,
                  .seen = std::to_string(*connected) + " of " + std::to_string(*most) + " clients (maxclients)"};
  if (share < kNearlyFull) return {finding};
  finding.severity = Severity::warning;
  finding.why = "a Redis with maxclients connections refuses the next one, also one that the daemon opens again";
  finding.remedy = facts.cli + " CLIENT LIST  # find who keeps them open; then: " +
                   facts.change_of("maxclients " + std::to_string(2 * *most));
  return {finding};
}

}  // namespace outboxd::daemon::doctor
