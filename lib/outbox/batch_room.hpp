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

/// What takes place in memory of a row, nearly: its payload and names.
[[nodiscard]] inline std::uint64_t bytes_of(const Row& row) {
  return row.id.size() + row.stream.size() + row.payload_json.size() + (row.dedupe_key ? row.dedupe_key->size() : 0);
}

/// What is known of the payload of a row that was claimed.
enum class Payload {
  read,
  /// It was not read, as there was no room for it.
  unread,
  /// The row can't be handed out, for a reason of its own.
  unreadable
};

/// Takes those rows out, from the one at `begin` on, that are not handed out, and returns their ids. The others stay
/// below `batch_bytes` together. The first one is handed out however large it is; after one that doesn't fit none is,
/// so that their order is kept. `look` returns what is known of a row's payload.
template <class Look>
[[nodiscard]] std::vector<std::string> keep_back(std::vector<Row>& rows, std::size_t begin, std::uint64_t batch_bytes,
                                                 Look look) {
  std::vector<std::string> over_budget;
  std::uint64_t bytes = 0;
  bool is_full = false;
  auto kept = rows.begin() + static_cast<std::ptrdiff_t>(begin);
  for (auto row = kept; row != rows.end(); ++row) {
    const Payload payload = look(*row);
    const auto more = bytes_of(*row);
    const bool fits = payload == Payload::read && (bytes == 0 || bytes + more <= batch_bytes);
    if (!fits && payload != Payload::unreadable) is_full = true;
    if (is_full || !fits) {
      over_budget.push_back(row->id);
      continue;
    }
    bytes += more;
    if (kept != row) *kept = std::move(*row);
    ++kept;
  }
  rows.erase(kept, rows.end());
  return over_budget;
}

/// Rows that were claimed in parts leave no room for another part.
[[nodiscard]] inline bool fill_a_batch(std::span<const Row> rows, std::uint64_t batch_bytes) {
  std::uint64_t bytes = 0;
  for (const auto& row : rows) bytes += bytes_of(row);
  return bytes >= batch_bytes;
}

/// How many rows a claim may ask for where not all of them fit: as many as did the last time, as the others would be
/// leased and given back for nothing; twice as many after each claim that was full and fitted.
class FittingRows {
 public:
  [[nodiscard]] std::uint32_t limit(std::uint32_t wanted) const { return std::min(wanted, most_); }

  /// Of the rows of a claim, so many were handed out, and the others did not fit.
  void did_not_fit(std::size_t handed_out) {
    most_ = static_cast<std::uint32_t>(std::clamp<std::size_t>(handed_out, 1, kAny));
  }
  /// All rows fitted of a claim that found as many as it asked for.
  void fitted_full() {
    if (most_ <= kAny / 2) most_ *= 2;
  }

 private:
  static constexpr auto kAny = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t most_ = kAny;
};

}  // namespace outboxd
