// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/signatures/judge.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

// What `outboxd streams check-signatures` prints: field names and stream names, cut and printable, but no value of a
// field. Pure.

/// A key among those that were given.
struct CountedKey {
  /// The path of its file, or the setting that has it.
  std::string name;
  std::string id;
  std::uint64_t entries = 0;
};

/// What a group has not acknowledged.
struct UnreadCounts {
  std::string group;
  std::uint64_t pending = 0;
  /// Pending entries that are no longer in the stream.
  std::uint64_t gone = 0;
};

struct SignatureReport {
  std::string stream;
  std::string server;
  std::vector<CountedKey> keys;
  std::optional<UnreadCounts> unread{};
  std::uint64_t entries = 0;
  std::uint64_t well_signed = 0;
  /// Of the well signed: those with a right `_sig2`, ambiguous ones, and those with a `_sig2` that is none.
  std::uint64_t with_sig2 = 0;
  std::uint64_t ambiguous = 0;
  std::uint64_t with_foreign_sig2 = 0;
  std::map<SignatureFault, std::uint64_t> faults{};
  std::string first_id{};
  std::string last_id{};
  /// Entries with a fault that were not listed.
  std::uint64_t unlisted = 0;
  /// False if the reading ended before the end of what was to be read.
  bool is_complete = true;

  /// Counts an entry.
  void add(std::string_view id, const Judgement& judgement);

  [[nodiscard]] std::uint64_t unsigned_entries() const;
  /// Those with any other fault.
  [[nodiscard]] std::uint64_t wrong() const { return entries - well_signed - unsigned_entries(); }
};

/// Whether and with which key an entry is well signed, or why it isn't, as a clause. `keys`: those of the Judge.
[[nodiscard]] std::string reason_of(const Judgement& judgement, const std::vector<CountedKey>& keys);

/// 0 all entries are well signed, 1 some aren't, 2 not all could be looked at (and those that were are well signed).
[[nodiscard]] int exit_status_of(const SignatureReport& report);

/// A line for an entry with a fault.
[[nodiscard]] std::string text_of(std::string_view id, const Judgement& judgement, const SignatureReport& report);
[[nodiscard]] std::string json_line_of(std::string_view id, const Judgement& judgement,
                                       const SignatureReport& report);

/// The counts, at the end.
[[nodiscard]] std::string text_of(const SignatureReport& report);
[[nodiscard]] std::string json_line_of(const SignatureReport& report);

}  // namespace outboxd::daemon
