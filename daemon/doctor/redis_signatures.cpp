// SPDX-License-Identifier: Apache-2.0
// Whether another program, or a dispatcher with another key, writes to the streams.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

namespace outboxd::daemon::doctor {

Findings signatures_of(const RedisFacts& facts) {
  Findings findings;
  std::size_t entries = 0;
  for (const auto& stream : facts.streams) {
    const auto& newest = stream.newest;
    entries += newest.read;
    if (newest.others == 0) continue;
    Finding finding{.check = "redis.signatures",
                    .subject = "stream " + stream.name,
                    .remedy = "outboxd streams check-signatures " + shell_word(stream.name)};
    const auto count = std::to_string(newest.others) + " of the newest " + std::to_string(newest.read) + " entries";
    if (newest.after_ours.empty()) {
      finding.severity = Severity::note;
      finding.seen = count + " are not signed with the configured key, and nothing was published with it since";
      finding.why = "where the key was rotated, consumers need the old one as well until they have read these";
      finding.remedy += " --key-file OLD_KEY --unread GROUP  # whether a group still needs the old key";
    } else {
      finding.severity = Severity::warning;
      finding.seen = count + " are unsigned or not signed with the configured key, such as " + newest.after_ours +
                     ", although an older one is well signed";
      finding.why =
          "another dispatcher signs with another key, or another program writes to the stream; consumers that check "
          "signatures skip and acknowledge such entries";
      finding.remedy +=
          "  # then compare the key ids that outboxd status shows for each dispatcher of the table, and replay what "
          "consumers have skipped: outboxd replay --stream " +
          shell_word(stream.name) + " --since TIME --dry-run";
    }
    findings.push_back(std::move(finding));
  }
  if (findings.empty() && entries > 0) {
    findings.push_back(
        {.check = "redis.signatures",
         .subject = facts.server,
         .seen = "the newest entries (" + std::to_string(entries) + ") are well signed with the configured key"});
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
