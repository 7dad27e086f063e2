// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/verify.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

// Whether an entry is signed, with which of several keys, and if not, why not, as far as that can be told. Pure.

/// Why an entry is not well signed.
enum class SignatureFault {
  none,
  no_signature,
  several_signatures,
  malformed_signature,
  /// It was signed for another stream, and copied.
  other_stream,
  /// Without one of its fields the signature is right.
  field_added,
  /// `_sig2` is right, so `_sig` itself was changed.
  signature_changed,
  /// `_sig2` names a key that is not given.
  unknown_key,
  /// `_sig2` names a key that is given, so it is not the key: fields were changed or removed, or several added.
  fields_changed,
  /// The key is not given, or the fields were changed or removed: nothing tells these apart.
  cannot_tell,
  sig2_missing,
  sig2_malformed,
  /// `_sig` is right, but `_sig2` isn't: fields were reordered, or an ambiguous entry is another one than was signed.
  sig2_wrong,
  /// Both are right, but the entry was added long after it was signed.
  sig2_late,
  /// Both are right, but its id is long before it was signed, so that a copy would not be seen to be late.
  sig2_early,
};

/// The fault's word in JSON: "other_stream". Stable.
[[nodiscard]] const char* to_string(SignatureFault fault);

using EntryTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// The result for one entry.
struct Judgement {
  SignatureFault fault = SignatureFault::none;
  /// The key that signed it: always set without a fault, otherwise where it could be found.
  std::optional<std::size_t> key{};
  /// The other stream, the added field, or the id of a key that is not given: words of strangers.
  std::string detail{};
  bool has_sig2 = false;
  /// Only of entries without a fault and without `_sig2`: the signature also fits another entry.
  bool is_ambiguous = false;
  /// It has a `_sig2` that is no signature: a payload's own field, as is possible without signing.strict.
  bool has_foreign_sig2 = false;
};

struct JudgeRules {
  std::string stream;
  /// Where a wrongly signed entry may have been copied from.
  std::vector<std::string> other_streams{};
  /// Entries without `_sig2` have a fault.
  bool needs_sig2 = false;
};

/// An entry that was added so long after its `_sig2` was made is late: outboxd writes entries at once. One that is
/// so much earlier is early.
inline constexpr std::chrono::minutes kLateAfter{5};

class Judge {
 public:
  Judge(JudgeRules rules, std::vector<entry::Verifier> keys);

  /// `added_at`: the time of the entry's id.
  [[nodiscard]] Judgement judge(std::span<const entry::FieldView> fields, EntryTime added_at);

  [[nodiscard]] const std::vector<entry::Verifier>& keys() const { return keys_; }

 private:
  [[nodiscard]] std::optional<std::size_t> signer_of(std::string_view stream,
                                                     std::span<const entry::FieldView> fields);
  [[nodiscard]] Judgement judge_sig2(std::size_t key, std::span<const entry::FieldView> fields, EntryTime added_at);
  [[nodiscard]] Judgement explain(std::span<const entry::FieldView> fields);
  [[nodiscard]] std::optional<Judgement> explain_by_added_field(std::span<const entry::FieldView> fields);
  [[nodiscard]] Judgement explain_by_sig2(std::span<const entry::FieldView> fields);

  JudgeRules rules_;
  std::vector<entry::Verifier> keys_;
  /// The key of the last well signed entry, as the next one usually has the same.
  std::size_t last_key_ = 0;
};

}  // namespace outboxd::daemon
