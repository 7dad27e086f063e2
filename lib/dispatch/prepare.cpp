// SPDX-License-Identifier: Apache-2.0
#include "dispatch/prepare.hpp"

#include <new>
#include <optional>
#include <string>

namespace outboxd::dispatch {
namespace {

entry::Event event_of(const Row& row) {
  entry::Event event{row.stream, row.id, std::nullopt, row.payload_json};
  if (row.dedupe_key) event.dedupe_key = *row.dedupe_key;
  return event;
}

std::string worn_out_text(const Row& row, std::uint32_t max_attempts) {
  return "not sent again: had used " + std::to_string(row.attempt - 1) + " of " + std::to_string(max_attempts) +
         " attempts when it was claimed: no outcome of the last one was written (its dispatcher died, or Postgres "
         "refused it, and it may be in its stream), or the maximum was lowered";
}

/// Why the row can never be published, as far as the store has seen; empty where it hasn't.
std::string refusal_by_store(const Row& row, const entry::Encoder& encoder) {
  if (row.overlong_stream) return entry::name_refusal("stream name", *row.overlong_stream);
  if (row.overlong_dedupe_key) return entry::name_refusal(entry::kDedupeField, *row.overlong_dedupe_key);
  return row.oversize_bytes ? encoder.oversize_refusal(*row.oversize_bytes) : std::string{};
}

// Each write must be answered within the time-out, so a batch of large payloads goes out in several.
constexpr std::size_t kMaxWriteBytes = 8UL << 20U;

std::size_t bytes_of(const entry::Entry& entry) {
  std::size_t bytes = entry.stream.size();
  for (const auto& field : entry.fields) bytes += field.name.size() + field.value.size();
  return bytes;
}

/// Nothing, and a reply, where memory does not suffice.
entry::Encoded encode(const Row& row, entry::Encoder& encoder, std::optional<Reply>& reply) {
  try {
    return encoder.encode(event_of(row));
  } catch (const std::bad_alloc&) {
    reply = Reply{Fault::short_of_memory,
                  "not enough memory to encode a payload of " + std::to_string(row.payload_json.size()) + " bytes"};
    return {};
  }
}

}  // namespace

Prepared prepare(std::span<const Row> rows, entry::Encoder& encoder, std::uint32_t max_attempts) {
  Prepared prepared;
  prepared.entries.reserve(rows.size());
  prepared.replies.reserve(rows.size());
  for (const auto& row : rows) {
    auto& reply = prepared.replies.emplace_back();
    if (row.attempt > max_attempts) {
      reply = Reply{Fault::worn_out, worn_out_text(row, max_attempts)};
      continue;
    }
    if (auto refusal = refusal_by_store(row, encoder); !refusal.empty()) {
      reply = Reply{Fault::bad_row, std::move(refusal)};
      continue;
    }
    auto encoded = encode(row, encoder, reply);
    if (reply) continue;
    if (encoded.reserved_dropped > 0) {
      prepared.reserved_dropped.push_back({prepared.replies.size() - 1, encoded.reserved_dropped});
    }
    if (!encoded.ambiguity.empty()) {
      prepared.ambiguous.push_back({prepared.replies.size() - 1, encoded.ambiguity, !encoded.refusal.empty()});
    }
    if (encoded.refusal.empty()) {
      prepared.entries.push_back(std::move(encoded.entry));
      prepared.tried_before.push_back(row.attempt > 1);
    } else {
      reply = Reply{Fault::bad_row, std::move(encoded.refusal)};
    }
  }
  return prepared;
}

std::vector<std::size_t> ends_of_writes(const Prepared& prepared, bool isolate) {
  std::vector<std::size_t> ends;
  const auto& suspect = prepared.tried_before;
  auto bytes = bytes_of(prepared.entries.front());
  for (std::size_t i = 1; i < prepared.entries.size(); ++i) {
    const auto more = bytes_of(prepared.entries[i]);
    const bool alone = isolate && (suspect[i - 1] || suspect[i]);
    if (alone || bytes + more > kMaxWriteBytes) {
      ends.push_back(i);
      bytes = 0;
    }
    bytes += more;
  }
  ends.push_back(prepared.entries.size());
  return ends;
}

void merge_replies(Prepared& prepared, std::vector<Reply> from_redis) {
  auto next = from_redis.begin();
  for (auto& reply : prepared.replies) {
    if (!reply) reply = std::move(*next++);
  }
}

}  // namespace outboxd::dispatch
