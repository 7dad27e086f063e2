// SPDX-License-Identifier: Apache-2.0
// With whose key the newest entries of a stream are signed.
#include "daemon/doctor/readers.hpp"
#include "daemon/signatures/stream_reader.hpp"
#include "entry/verify.hpp"

#include <algorithm>

namespace outboxd::daemon::doctor {
namespace {

using redis::Value;

constexpr long long kNewest = 20;

/// The size of an answer isn't known before, and a larger one than is allowed costs the connection.
bool are_small(redis::CommandSession& session, const std::string& stream) {
  constexpr long long kLargest = 4'096;
  const auto bytes = session.ask({"MEMORY", "USAGE", stream});
  const auto length = session.ask({"XLEN", stream});
  if (bytes.kind != Value::Kind::integer || length.kind != Value::Kind::integer) return false;
  // A short stream takes a whole node.
  return bytes.number <= kLargest * std::max(length.number, kNewest);
}

}  // namespace

void read_signatures(redis::CommandSession& session, std::span<const std::uint8_t> key, StreamFacts& stream) {
  if (key.empty() || stream.type != "stream" || !are_small(session, stream.name)) return;
  const auto answer = session.ask({"XREVRANGE", stream.name, "+", "-", "COUNT", std::to_string(kNewest)});
  if (answer.kind != Value::Kind::array) return;
  entry::Verifier verifier{key};
  std::string newest_of_others;
  for (const auto& entry : entries_of(answer)) {
    ++stream.newest.read;
    if (is_valid(verifier.check(stream.name, entry.fields))) {
      if (stream.newest.after_ours.empty()) stream.newest.after_ours = newest_of_others;
      continue;
    }
    ++stream.newest.others;
    if (newest_of_others.empty()) newest_of_others = entry.id;
  }
}

}  // namespace outboxd::daemon::doctor
