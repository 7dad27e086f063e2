// SPDX-License-Identifier: Apache-2.0
#include "entry/encoder.hpp"

#include "entry/ambiguity.hpp"
#include "entry/strict_signature.hpp"

#include <algorithm>

namespace outboxd::entry {
namespace {

std::size_t drop_reserved(std::vector<Field>& fields, std::size_t ours, bool has_dedupe_key, bool is_strict) {
  const auto is_reserved = [&](const Field& field) {
    return field.name == kIdField || field.name == kSignatureField ||
           (has_dedupe_key && field.name == kDedupeField) || (is_strict && field.name == kStrictField);
  };
  const auto first_of_payload = fields.begin() + static_cast<std::ptrdiff_t>(ours);
  const auto gone = std::remove_if(first_of_payload, fields.end(), is_reserved);
  const auto count = static_cast<std::size_t>(fields.end() - gone);
  fields.erase(gone, fields.end());
  return count;
}

/// Why the event's id, stream or dedupe key can't be published; empty if all can.
std::string refusal_of_names(const Event& event) {
  if (auto refusal = stream_refusal(event.stream); !refusal.empty()) return refusal;
  if (event.outbox_id.size() > kMaxNameBytes) return name_refusal("id", event.outbox_id.size());
  if (event.dedupe_key && event.dedupe_key->size() > kMaxNameBytes) {
    return name_refusal(kDedupeField, event.dedupe_key->size());
  }
  return {};
}

}  // namespace

std::string stream_refusal(std::string_view stream) {
  if (stream.empty()) return "stream name is empty";
  // In a log, a signature or a configuration it would look like another line or another stream.
  if (has_control_character(stream)) return "stream name has a control character in it";
  if (stream.size() > kMaxNameBytes) return name_refusal("stream name", stream.size());
  return {};
}

std::string name_refusal(std::string_view name, std::uint64_t bytes) {
  return std::string{name} + " is " + std::to_string(bytes) + " bytes, over the limit of " +
         std::to_string(kMaxNameBytes) + ": use a shorter one";
}

Encoder::Encoder(EncodingRules rules, std::span<const std::uint8_t> key) : rules_{rules} {
  if (key.empty()) return;
  signer_.emplace(key);
  if (rules_.strict_clock != nullptr) key_id_ = key_id(key);
}

std::string Encoder::oversize_refusal(std::uint64_t bytes) const {
  return "payload is " + std::to_string(bytes) + " bytes, over the limit of " +
         std::to_string(rules_.max_payload_bytes) + " (dispatcher.max_payload_bytes)";
}

Encoded Encoder::encode(const Event& event) {
  Encoded result;
  result.refusal = refusal_of_names(event);
  if (!result.refusal.empty()) return result;
  if (event.payload_json.size() > rules_.max_payload_bytes) {
    result.refusal = oversize_refusal(event.payload_json.size());
    return result;
  }
  auto& entry = result.entry;
  entry.stream = event.stream;
  entry.fields.reserve(16);
  entry.fields.push_back({kIdField, std::string{event.outbox_id}});
  if (event.dedupe_key) entry.fields.push_back({kDedupeField, std::string{*event.dedupe_key}});
  const auto ours = entry.fields.size();
  if (auto refusal = payload_.append_fields(event.payload_json, rules_.nulls, entry.fields)) {
    result.refusal = std::move(*refusal);
    return result;
  }
  result.reserved_dropped = drop_reserved(entry.fields, ours, event.dedupe_key.has_value(), !key_id_.empty());
  if (!signer_) return result;
  result.ambiguity = ambiguity(entry.stream, entry.fields);
  if (!result.ambiguity.empty() && rules_.ambiguous == Ambiguous::refused) {
    result.refusal.append("signature would be good for another entry, too: ").append(result.ambiguity);
    result.refusal.append(" (signing.ambiguous)");
    return result;
  }
  if (!key_id_.empty()) {
    entry.fields.push_back(
        {kStrictField, strict_signature(*signer_, key_id_, rules_.strict_clock(), entry.stream, entry.fields)});
  }
  entry.fields.push_back({kSignatureField, signer_->sign(entry.stream, entry.fields)});
  return result;
}

}  // namespace outboxd::entry
