// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/judge.hpp"

#include "entry/entry.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon {
namespace {

using entry::FieldView;
using entry::Signature;
using Fields = std::span<const FieldView>;

/// Each field that is left out takes another signature over all the others, so that many large ones would take hours.
constexpr std::size_t kMostBytesToTry = 16UL << 20U;

SignatureFault fault_of(Signature signature) {
  switch (signature) {
    case Signature::missing:
      return SignatureFault::no_signature;
    case Signature::repeated:
      return SignatureFault::several_signatures;
    case Signature::malformed:
      return SignatureFault::malformed_signature;
    default:
      return SignatureFault::none;
  }
}

SignatureFault fault_of_sig2(Signature signature) {
  switch (signature) {
    case Signature::valid:
      return SignatureFault::none;
    case Signature::missing:
      return SignatureFault::sig2_missing;
    case Signature::repeated:
    case Signature::malformed:
      return SignatureFault::sig2_malformed;
    default:
      return SignatureFault::sig2_wrong;
  }
}

bool is_sig2(const FieldView& field) {
  return field.name == entry::kStrictField;
}

/// What the entry's only `_sig2` says, unchecked.
std::optional<entry::Strict> claim_of(Fields fields) {
  const auto found = std::ranges::find_if(fields, is_sig2);
  if (found == fields.end() || std::any_of(found + 1, fields.end(), is_sig2)) return std::nullopt;
  return entry::read_strict(found->value);
}

std::size_t bytes_of(Fields fields) {
  std::size_t bytes = 0;
  for (const auto& field : fields) bytes += field.name.size() + field.value.size() + 2;
  return bytes;
}

}  // namespace

const char* to_string(SignatureFault fault) {
  switch (fault) {
    case SignatureFault::none:
      return "none";
    case SignatureFault::no_signature:
      return "no_signature";
    case SignatureFault::several_signatures:
      return "several_signatures";
    case SignatureFault::malformed_signature:
      return "malformed_signature";
    case SignatureFault::other_stream:
      return "other_stream";
    case SignatureFault::field_added:
      return "field_added";
    case SignatureFault::signature_changed:
      return "signature_changed";
    case SignatureFault::unknown_key:
      return "unknown_key";
    case SignatureFault::fields_changed:
      return "fields_changed";
    case SignatureFault::sig2_missing:
      return "sig2_missing";
    case SignatureFault::sig2_malformed:
      return "sig2_malformed";
    case SignatureFault::sig2_wrong:
      return "sig2_wrong";
    case SignatureFault::sig2_late:
      return "sig2_late";
    case SignatureFault::sig2_early:
      return "sig2_early";
    case SignatureFault::cannot_tell:
      break;
  }
  return "cannot_tell";
}

Judge::Judge(JudgeRules rules, std::vector<entry::Verifier> keys) : rules_{std::move(rules)}, keys_{std::move(keys)} {
  std::erase(rules_.other_streams, rules_.stream);
}

std::optional<std::size_t> Judge::signer_of(std::string_view stream, Fields fields) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const auto key = (last_key_ + i) % keys_.size();
    if (is_valid(keys_[key].check(stream, fields))) return key;
  }
  return std::nullopt;
}

Judgement Judge::judge(Fields fields, EntryTime added_at) {
  const auto first = keys_.at(last_key_).check(rules_.stream, fields);
  if (is_valid(first)) return judge_sig2(last_key_, fields, added_at);
  // The same for every key.
  if (first != Signature::wrong) return {.fault = fault_of(first)};
  const auto signer = signer_of(rules_.stream, fields);
  if (!signer) return explain(fields);
  last_key_ = *signer;
  return judge_sig2(*signer, fields, added_at);
}

Judgement Judge::judge_sig2(std::size_t key, Fields fields, EntryTime added_at) {
  Judgement result{.key = key};
  const auto count = std::ranges::count_if(fields, is_sig2);
  const bool is_foreign = count > 0 && !claim_of(fields);
  if (count == 0 || (is_foreign && !rules_.needs_sig2)) {
    if (rules_.needs_sig2) result.fault = SignatureFault::sig2_missing;
    result.has_foreign_sig2 = is_foreign;
    result.is_ambiguous = result.fault == SignatureFault::none && !entry::ambiguity(rules_.stream, fields).empty();
    return result;
  }
  const auto check = keys_[key].check_strict(rules_.stream, fields);
  result.fault = fault_of_sig2(check.sig2);
  result.has_sig2 = is_valid(check.sig2);
  if (!result.has_sig2) return result;
  if (added_at - check.strict->signed_at > kLateAfter) result.fault = SignatureFault::sig2_late;
  if (check.strict->signed_at - added_at > kLateAfter) result.fault = SignatureFault::sig2_early;
  return result;
}

Judgement Judge::explain(Fields fields) {
  for (const auto& stream : rules_.other_streams) {
    if (const auto key = signer_of(stream, fields)) {
      return {.fault = SignatureFault::other_stream, .key = key, .detail = stream};
    }
  }
  if (auto added = explain_by_added_field(fields)) return std::move(*added);
  return explain_by_sig2(fields);
}

std::optional<Judgement> Judge::explain_by_added_field(Fields fields) {
  if (fields.size() * keys_.size() > kMostBytesToTry / std::max<std::size_t>(bytes_of(fields), 1))
    return std::nullopt;
  std::vector<FieldView> others(fields.begin(), fields.end());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == entry::kSignatureField) continue;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    if (const auto key = signer_of(rules_.stream, others)) {
      return Judgement{.fault = SignatureFault::field_added, .key = key, .detail = std::string{fields[i].name}};
    }
    others.insert(others.begin() + static_cast<std::ptrdiff_t>(i), fields[i]);
  }
  return std::nullopt;
}

Judgement Judge::explain_by_sig2(Fields fields) {
  const auto claim = claim_of(fields);
  if (!claim) return {.fault = SignatureFault::cannot_tell};
  const auto named = std::ranges::find(keys_, claim->key_id, &entry::Verifier::key_id);
  if (named == keys_.end()) return {.fault = SignatureFault::unknown_key, .detail = std::string{claim->key_id}};
  const auto key = static_cast<std::size_t>(named - keys_.begin());
  const bool is_right = is_valid(named->check_strict(rules_.stream, fields).sig2);
  return {.fault = is_right ? SignatureFault::signature_changed : SignatureFault::fields_changed, .key = key};
}

}  // namespace outboxd::daemon
