// SPDX-License-Identifier: Apache-2.0
// Whether the clocks of the three machines agree.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

namespace outboxd::daemon::doctor {
namespace {

constexpr std::chrono::seconds kNoticeablyOff{2};
constexpr std::chrono::seconds kWrong{10};

/// "5 min ahead of this machine's", "in step with this machine's".
std::string difference(std::chrono::milliseconds ahead, const std::string& other) {
  const auto far = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::abs(ahead));
  if (far < kNoticeablyOff) return "in step with " + other;
  return span_text(far) + (ahead.count() > 0 ? " ahead of " : " behind ") + other;
}

Severity severity_of(std::chrono::milliseconds ahead) {
  const auto far = std::chrono::abs(ahead);
  if (far >= kWrong) return Severity::warning;
  return far >= kNoticeablyOff ? Severity::note : Severity::ok;
}

Finding finding_of(const std::string& check, const std::string& server, std::chrono::milliseconds ahead,
                   const std::string& other, const std::string& why) {
  Finding finding{.check = check,
                  .severity = severity_of(ahead),
                  .subject = server,
                  .seen = "its clock is " + difference(ahead, other)};
  if (finding.severity == Severity::ok) return finding;
  finding.why = why;
  finding.remedy =
      "timedatectl timesync-status; chronyc tracking  # on both machines: which one is wrong? Then, "
      "there: chronyc makestep";
  return finding;
}

constexpr const char* kOfPostgresClock =
    "leases, retries and the time from which a row is due follow Postgres' clock, and those who set available_at by "
    "a "
    "clock of their own make rows due too early or too late";
constexpr const char* kOfRedisClock =
    "entry ids are Redis' time: consumers that judge an entry's age by its id judge wrongly, and ids stand still "
    "while "
    "a clock that was ahead is set back";

}  // namespace

Findings clocks_of(const Facts& facts) {
  const std::string ours = "this machine's";
  Findings findings;
  for (const auto& postgres : facts.postgres) {
    if (!postgres.clock_ahead.known) continue;
    append(findings,
           {finding_of("postgres.clock", postgres.server, *postgres.clock_ahead.known, ours, kOfPostgresClock)});
  }
  for (const auto& redis : facts.redis) {
    if (!redis.clock_ahead) continue;
    append(findings, {finding_of("redis.clock", redis.server, *redis.clock_ahead, ours, kOfRedisClock)});
    for (const auto& postgres : facts.postgres) {
      if (!postgres.clock_ahead.known) continue;
      const auto ahead = *redis.clock_ahead - *postgres.clock_ahead.known;
      append(findings, {finding_of("redis.clock", redis.server, ahead, "that of Postgres at " + postgres.server,
                                   kOfRedisClock)});
    }
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
