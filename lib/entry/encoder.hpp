// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "entry/payload.hpp"
#include "entry/signer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outboxd::entry {

/// Whether ambiguous entries are published or refused (ambiguity.hpp).
enum class Ambiguous { published, refused };

/// The parts of the settings and of a table's layout that concern entries.
struct EncodingRules {
  Nulls nulls = Nulls::left_out;
  /// Payloads larger than this are refused; bytes of the JSON text.
  std::uint64_t max_payload_bytes = 16ULL << 20U;
  /// Only signed entries can be ambiguous.
  Ambiguous ambiguous = Ambiguous::published;
  /// Set: signed entries also have a `_sig2`, with the time of this clock (signing.strict).
  std::chrono::system_clock::time_point (*strict_clock)() = nullptr;
};

/// An id, a stream's name or a dedupe key of more bytes than this can't be published.
inline constexpr std::uint64_t kMaxNameBytes = 4'096;

/// Why a stream of this name can't be published to; empty if it can.
[[nodiscard]] std::string stream_refusal(std::string_view stream);

/// The reason for refusing an event whose `name` ("id", "stream name", "dedupe_key") has too many bytes.
[[nodiscard]] std::string name_refusal(std::string_view name, std::uint64_t bytes);

/// One event to encode; views into the row it comes from.
struct Event {
  std::string_view stream;
  std::string_view outbox_id;
  std::optional<std::string_view> dedupe_key;
  std::string_view payload_json;
};

struct Encoded {
  Entry entry;
  /// Why the event can never be published; empty if `entry` is valid.
  std::string refusal;
  /// The number of payload fields that were dropped as their names are reserved.
  std::size_t reserved_dropped = 0;
  /// Why the entry is ambiguous, as a clause; empty if it isn't, or has no signature.
  std::string_view ambiguity{};
};

/// Turns events into signed entries. Not thread-safe.
class Encoder {
 public:
  /// Without a key (empty span) entries have no signature. Throws std::runtime_error as Signer does.
  Encoder(EncodingRules rules, std::span<const std::uint8_t> key);

  [[nodiscard]] Encoded encode(const Event& event);

  /// The reason for refusing a payload of this many bytes.
  [[nodiscard]] std::string oversize_refusal(std::uint64_t bytes) const;

 private:
  EncodingRules rules_;
  PayloadReader payload_;
  std::optional<Signer> signer_;
  /// Set if entries have a `_sig2`.
  std::string key_id_;
};

}  // namespace outboxd::entry
