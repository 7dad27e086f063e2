// SPDX-License-Identifier: Apache-2.0
// Whether each stream of a table's rows is one that a configured dispatcher takes.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>

namespace outboxd::daemon::doctor {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool takes(const DispatcherFacts& dispatcher, const std::string& stream) {
  return (dispatcher.streams.empty() || has(dispatcher.streams, stream)) && !has(dispatcher.exclude_streams, stream);
}

}  // namespace

Findings streams_taken_of(const Facts& facts) {
  Findings findings;
  for (const auto& one : facts.postgres) {
    if (!one.rows.known) continue;
    for (const auto& stream : one.rows.known->streams) {
      const bool is_taken = std::ranges::any_of(facts.postgres, [&](const PostgresFacts& other) {
        return other.server == one.server && other.table_name() == one.table_name() &&
               takes(other.dispatcher, stream);
      });
      if (is_taken) continue;
      append(findings, {{.check = "postgres.streams_taken",
                         .severity = Severity::note,
                         .subject = "stream " + stream + " in table " + plain_name(one.table_name()),
                         .seen = "no dispatcher of this configuration takes its rows",
                         .why = "unless another process does, they wait for ever",
                         .remedy = "add it to dispatcher.streams, then: systemctl restart outboxd"}});
    }
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
