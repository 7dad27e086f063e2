// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace outboxd {

/// One claimed outbox row, as Postgres printed it.
struct Row {
  std::string id;
  std::string stream;
  /// Empty when the store did not send it.
  std::string payload_json;
  /// Set when the payload was too large to be fetched: its size.
  std::optional<std::uint64_t> oversize_bytes{};
  /// Set when the stream's name or the dedupe key was too long to be fetched: its size. The row holds its beginning.
  std::optional<std::uint64_t> overlong_stream{};
  std::optional<std::uint64_t> overlong_dedupe_key{};
  /// Set by table layouts that have one; then it is the entry's second field.
  std::optional<std::string> dedupe_key{};
  /// The number of this attempt: 1 for the first claim.
  std::uint32_t attempt = 1;
  /// For how long the row had been due when it was claimed, by the store's clock alone: since its creation, or the
  /// time from which it was due if that is later; a row that was tried before, since its creation. Empty where the
  /// store can't tell, or the time is in the future.
  std::optional<std::chrono::milliseconds> waited{};
};

}  // namespace outboxd
