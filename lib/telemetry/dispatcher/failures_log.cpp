// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher/failures_log.hpp"

#include "telemetry/health_log.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <string>

namespace outboxd::telemetry {

void FailuresLog::failed(std::string_view stream, Fault fault, std::string_view reason) {
  const auto at = now();
  if (fault == Fault::lease_expiring) {
    if (!lines_of_short_leases_.admit("", at)) return;
    spdlog::warn("{}: rows were given back unsent, as too little was left of their lease ({})", name(), reason);
    return;
  }
  if (fault != Fault::entry_refused && fault != Fault::refused && fault != Fault::out_of_memory) return;
  troubles_.refused(stream, at);
  if (!refusals_.admit(stream, reason, "", at)) return;
  spdlog::warn("{}: a row of stream {} was not published ({}); it is tried again", name(), brief(stream),
               cut(reason));
}

void FailuresLog::died(std::string_view id, std::string_view stream, Fault /*fault*/, std::string_view reason) {
  const bool has_line = deaths_.admit(stream, reason, id, now());
  const auto level = has_line ? spdlog::level::err : spdlog::level::debug;
  if (!spdlog::should_log(level)) return;
  spdlog::log(level, "{}: row {}{} is dead ({})", name(), brief(id), of_stream(stream), cut(reason));
}

void FailuresLog::write_summaries(TimePoint now, bool all) {
  for (const auto& [stream, reason, count, ids] : deaths_.over(now, all)) {
    const bool of_all_others = stream.empty() && reason.empty();
    spdlog::error("{}: {} more row(s){} died within the minute{}{}{}", name(), count,
                  of_all_others ? " of further streams and for further reasons" : of_stream(stream),
                  in_brackets(reason), listed(ids, count),
                  unlisted(ids, count) > 0 ? "; at log.level debug each has a line" : "");
  }
  for (const auto& [stream, reason, count, ids] : refusals_.over(now, all)) {
    spdlog::warn("{}: {} more times a row{} was not published within the minute{}", name(), count, of_stream(stream),
                 in_brackets(reason));
  }
  for (const auto& trouble : troubles_.over(now)) {
    spdlog::info("{}: no row of stream {} was refused for a minute; {} time(s) one was, within {}", name(),
                 trouble.stream, trouble.refusals, lasted(trouble.last - trouble.first));
  }
}

}  // namespace outboxd::telemetry
