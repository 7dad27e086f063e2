// SPDX-License-Identifier: Apache-2.0
#include "dispatch/prepare.hpp"

#include "outbox/write_bounds.hpp"

#include <new>
#include <string>
#include <utility>

namespace outboxd::dispatch {
namespace {

entry::Event event_of(const Row& row) {
  entry::Event event{row.stream, row.id, std::nullopt, row.payload_json};
  if (row.dedupe_key) event.dedupe_key = *row.dedupe_key;
  return event;
}

std::string attempts_exhausted_text(const Row& row, std::uint32_t max_attempts) {
  return "not sent again: had used " + std::to_string(row.attempt - 1) + " of " + std::to_string(max_attempts) +
         " attempts when it was claimed: no outcome of the last one was written (its dispatcher died, or Postgres "
         "refused it, and it may be in its stream), or the maximum was lowered";
}

/// Why the row can never be published, as far as the store has found; otherwise empty.
std::string refusal_by_store(const Row& row, const entry::Encoder& encoder) {
  if (row.overlong_stream) return entry::name_refusal("stream name", *row.overlong_stream);
  if (row.overlong_dedupe_key) return entry::name_refusal(entry::kDedupeField, *row.overlong_dedupe_key);
  return row.oversize_bytes ? encoder.oversize_refusal(*row.oversize_bytes) : std::string{};
}

std::size_t bytes_of(const entry::Entry& entry) {
  std::size_t bytes = entry.stream.size();
  for (const auto& field : entry.fields) bytes += field.name.size() + field.value.size();
  return bytes;
}

/// Empty, and the reply is set, where memory does not suffice.
entry::Encoded encode(Delivery& delivery, entry::Encoder& encoder) {
  try {
    return encoder.encode(event_of(delivery.row));
  } catch (const std::bad_alloc&) {
    delivery.reply = Reply{Fault::out_of_memory, "not enough memory to encode a payload of " +
                                                     std::to_string(delivery.row.payload_json.size()) + " bytes"};
    return {};
  }
}

void prepare(Delivery& delivery, entry::Encoder& encoder, std::uint32_t max_attempts, Observer& observer) {
  const auto& row = delivery.row;
  if (row.attempt > max_attempts) {
    delivery.reply = Reply{Fault::attempts_exhausted, attempts_exhausted_text(row, max_attempts)};
    return;
  }
  if (auto refusal = refusal_by_store(row, encoder); !refusal.empty()) {
    delivery.reply = Reply{Fault::bad_row, std::move(refusal)};
    return;
  }
  auto encoded = encode(delivery, encoder);
  if (delivery.reply) return;
  if (encoded.reserved_dropped > 0) observer.reserved_fields_dropped(row.stream, encoded.reserved_dropped);
  if (!encoded.ambiguity.empty()) {
    observer.ambiguous_entry(row.id, row.stream, encoded.ambiguity, !encoded.refusal.empty());
  }
  if (encoded.refusal.empty()) {
    delivery.entry = std::move(encoded.entry);
    delivery.was_tried_before = row.attempt > 1;
  } else {
    delivery.reply = Reply{Fault::bad_row, std::move(encoded.refusal)};
  }
}

}  // namespace

void prepare(std::span<Delivery> batch, entry::Encoder& encoder, std::uint32_t max_attempts, Observer& observer) {
  for (auto& delivery : batch) {
    if (delivery.is_to_be_sent()) prepare(delivery, encoder, max_attempts, observer);
  }
}

std::vector<Write> writes_of(std::span<Delivery* const> to_send, bool isolates) {
  std::vector<Write> writes;
  WriteBounds bounds{isolates};
  std::size_t begin = 0;
  for (std::size_t i = 0; i < to_send.size(); ++i) {
    const bool joins = bounds.joins(bytes_of(to_send[i]->entry), to_send[i]->was_tried_before);
    if (joins || i == begin) continue;
    writes.push_back(to_send.subspan(begin, i - begin));
    begin = i;
  }
  if (begin < to_send.size()) writes.push_back(to_send.subspan(begin));
  return writes;
}

}  // namespace outboxd::dispatch
