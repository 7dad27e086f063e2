// SPDX-License-Identifier: Apache-2.0
// Whether streams and groups are as the configured topology declares them.
#include "daemon/doctor/examinations.hpp"

namespace outboxd::daemon::doctor {
namespace {

using Kind = streams::Finding::Kind;

Severity severity_of(Kind kind) {
  switch (kind) {
    case Kind::wrong_type:
      return Severity::critical;
    case Kind::missing:
    case Kind::over_bound:
      return Severity::warning;
    case Kind::unknown:
    case Kind::note:
      break;
  }
  return Severity::note;
}

std::string meaning_of(Kind kind) {
  switch (kind) {
    case Kind::wrong_type:
      return "neither dispatchers nor consumers can use it";
    case Kind::missing:
      return "events that are published before its group exists are not delivered to that group";
    case Kind::over_bound:
      return "another program writes to it without the bound, or with a larger one";
    case Kind::unknown:
    case Kind::note:
      break;
  }
  return {};
}

}  // namespace

Findings topology_of(const RedisFacts& facts) {
  Findings findings;
  for (const auto& one : facts.against_topology) {
    const bool can_be_created = one.kind == Kind::missing;
    findings.push_back({.check = "redis.topology",
                        .severity = severity_of(one.kind),
                        .subject = one.group.empty() ? one.stream.empty() ? facts.server : "stream " + one.stream
                                                     : "group " + one.group + " of stream " + one.stream,
                        .seen = one.text,
                        .why = meaning_of(one.kind),
                        .remedy = can_be_created ? "outboxd streams provision" : "outboxd streams verify"});
  }
  return findings;
}

}  // namespace outboxd::daemon::doctor
