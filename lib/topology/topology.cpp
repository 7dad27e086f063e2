// SPDX-License-Identifier: Apache-2.0
#include "topology/topology.hpp"

namespace outboxd::topology {

const Streams& caracal() {
  constexpr std::uint64_t kAudit = 1'000'000;
  constexpr std::uint64_t kDeadLetters = 100'000;
  constexpr std::uint64_t kInvalidations = 10'000;
  static const Streams kStreams{
      {"caracal.audit.events", {.maxlen = kAudit, .groups = {{"audit-ingestor"}, {"siem-export"}}}},
      {"caracal.audit.events.dlq", {.maxlen = kDeadLetters, .groups = {{"audit-dlq-observer"}}, .dead_letter = true}},
      {"caracal.policy.invalidate", {.maxlen = kInvalidations, .groups = {{"opa-engine"}}}},
      // The second group is for deployments with external verifiers: where nothing reads it, all its entries would
      // seem unread.
      {"caracal.sessions.revoke",
       {.maxlen = kInvalidations,
        .groups = {{"sts-revocation"}, {.name = "resource-revocation", .start = "$", .optional = true}}}},
      {"caracal.keys.invalidate", {.maxlen = kInvalidations, .groups = {{"sts-keys"}}}},
      {"caracal.agents.lifecycle", {.groups = {{"coordinator-relay"}}}},
      {"caracal.invocations.lifecycle", {.groups = {{"invocations-observer"}}}},
      {"caracal.delegations.invalidate", {.groups = {{"delegations-observer"}}}},
      {"caracal.providers.ratelimit", {.maxlen = 1}},
  };
  return kStreams;
}

std::optional<Streams> configured(std::string_view name, const Streams& declared) {
  if (name.empty() && declared.empty()) return std::nullopt;
  auto streams = declared;
  if (name == kCaracal) streams.insert(caracal().begin(), caracal().end());
  return streams;
}

}  // namespace outboxd::topology
