// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/row.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace outboxd {

/// The memory that a row takes, nearly: its payload and names.
[[nodiscard]] inline std::uint64_t bytes_of(const Row& row) {
  return row.id.size() + row.stream.size() + row.payload_json.size() + (row.dedupe_key ? row.dedupe_key->size() : 0);
}

/// How much is known of a claimed row's payload.
enum class Payload {
  read,
  /// The payload was not read, as there was no room for it.
  unread,
  /// The row itself has a fault that keeps it from being handed out.
  unreadable
};

/// The rows of a claim that are not handed out.
struct WithheldRows {
  std::vector<std::string> ids;
  /// Some of them did not fit into the batch; otherwise all of them are unreadable.
  bool some_did_not_fit = false;
};

/// Removes the rows, from index `begin` on, that are not handed out. The remaining rows take at most `batch_bytes`
/// together, unless the first is larger: it is handed out however large it is. After a row that doesn't fit, no
/// further row is handed out, so that the order is kept. `look` returns how much is known of a row's payload.
template <class Look>
[[nodiscard]] WithheldRows withhold(std::vector<Row>& rows, std::size_t begin, std::uint64_t batch_bytes, Look look) {
  WithheldRows withheld;
  std::uint64_t bytes = 0;
  auto kept = rows.begin() + static_cast<std::ptrdiff_t>(begin);
  for (auto row = kept; row != rows.end(); ++row) {
    const Payload payload = look(*row);
    const auto more = bytes_of(*row);
    const bool fits = payload == Payload::read && (bytes == 0 || bytes + more <= batch_bytes);
    if (!fits && payload != Payload::unreadable) withheld.some_did_not_fit = true;
    if (withheld.some_did_not_fit || !fits) {
      withheld.ids.push_back(row->id);
      continue;
    }
    bytes += more;
    if (kept != row) *kept = std::move(*row);
    ++kept;
  }
  rows.erase(kept, rows.end());
  return withheld;
}

/// Whether the rows fill a batch, so that a claim made in parts has no room for another part.
[[nodiscard]] inline bool fill_a_batch(std::span<const Row> rows, std::uint64_t batch_bytes) {
  std::uint64_t bytes = 0;
  for (const auto& row : rows) bytes += bytes_of(row);
  return bytes >= batch_bytes;
}

/// How many rows a claim may ask for while not all of them fit: the number that fitted last time, as the rest would
/// be leased and given back in vain. The number doubles after each claim that was full and fitted.
class FittingRows {
 public:
  [[nodiscard]] std::uint32_t limit(std::uint32_t wanted) const { return std::min(wanted, most_); }

  /// A claim handed out this many of its rows; the rest did not fit.
  void did_not_fit(std::size_t handed_out) {
    most_ = static_cast<std::uint32_t>(std::clamp<std::size_t>(handed_out, 1, kAny));
  }
  /// A claim found as many rows as it asked for, and all of them fitted.
  void fitted_full() {
    if (most_ <= kAny / 2) most_ *= 2;
  }

 private:
  static constexpr auto kAny = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t most_ = kAny;
};

}  // namespace outboxd
