// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/payload_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::telemetry {

void PayloadLog::reserved_fields_dropped(std::string_view stream, std::size_t fields) {
  if (std::exchange(logged_reserved_, true)) return;
  spdlog::warn(
      "{}: a payload for stream {} has {} field(s) with a reserved name (outbox_id, _sig, in caracal_outbox "
      "also dedupe_key, and with signing.strict also _sig2): dropped; rename them. Further ones are only counted "
      "(outboxd_reserved_fields_dropped_total)",
      name(), brief(stream), fields);
}

void PayloadLog::ambiguous_entry(std::string_view id, std::string_view stream, std::string_view why, bool dead) {
  // A dead row has a line of its own.
  if (dead) return;
  const auto withheld = lines_of_ambiguous_entries_.admit(stream, now());
  if (!withheld) return;
  spdlog::warn(
      "{}: row {} of stream {} is ambiguous ({}): its signature is good for another entry, too, so consumers should "
      "refuse it. It goes out all the same unless signing.ambiguous is \"dead\". Further ones of this stream are "
      "only counted (outboxd_ambiguous_entries_total) for an hour{}",
      name(), brief(id), brief(stream), why,
      *withheld > 0 ? fmt::format("; so were {} since the last such line", *withheld) : "");
}

}  // namespace outboxd::telemetry
