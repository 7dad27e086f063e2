// SPDX-License-Identifier: Apache-2.0
#include "entry/verify.hpp"

#include "entry/entry.hpp"
#include "entry/signer.hpp"
#include "entry/strict_signature.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace outboxd::entry {
namespace {

/// The one field of this name, or why there isn't one.
struct Found {
  std::string_view value;
  Signature problem = Signature::valid;
};

Found find_once(std::span<const FieldView> fields, std::string_view name) {
  const auto is_it = [name](const FieldView& field) { return field.name == name; };
  const auto found = std::ranges::find_if(fields, is_it);
  if (found == fields.end()) return {{}, Signature::missing};
  if (std::any_of(found + 1, fields.end(), is_it)) return {{}, Signature::repeated};
  return {found->value, Signature::valid};
}

/// The time it takes doesn't depend on where two signatures differ.
bool is_same(std::string_view given, std::string_view wanted) {
  return given.size() == wanted.size() && CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

std::vector<FieldView> without_signature(std::span<const FieldView> fields) {
  std::vector<FieldView> others;
  others.reserve(fields.size());
  std::ranges::copy_if(fields, std::back_inserter(others),
                       [](const FieldView& field) { return field.name != kSignatureField; });
  return others;
}

/// Otherwise one of them could be moved without notice.
bool are_last(std::span<const FieldView> fields) {
  return fields.size() >= 2 && fields.back().name == kSignatureField &&
         fields[fields.size() - 2].name == kStrictField;
}

}  // namespace

Verifier::Verifier(std::span<const std::uint8_t> key)
    : signer_{std::make_unique<Signer>(key)}, key_id_{entry::key_id(key)} {}
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;
Verifier::~Verifier() = default;

Signature Verifier::check(std::string_view stream, std::span<const FieldView> fields) {
  const auto given = find_once(fields, kSignatureField);
  if (!is_valid(given.problem)) return given.problem;
  if (!is_mac(given.value)) return Signature::malformed;
  const auto wanted = signer_->mac(canonical_text(stream, without_signature(fields)));
  return is_same(given.value, wanted) ? Signature::valid : Signature::wrong;
}

StrictCheck Verifier::check_strict(std::string_view stream, std::span<const FieldView> fields) {
  StrictCheck result{.sig = check(stream, fields)};
  const auto given = find_once(fields, kStrictField);
  result.sig2 = given.problem;
  if (!is_valid(given.problem)) return result;
  const auto parts = strict_parts(given.value);
  if (parts.key_id.empty() || !are_last(fields)) {
    result.sig2 = Signature::malformed;
    return result;
  }
  result.strict = read_strict(given.value);
  if (parts.key_id != key_id_) {
    result.sig2 = Signature::other_key;
    return result;
  }
  const auto wanted = signer_->mac(strict_text(parts.key_id, parts.milliseconds, stream, fields));
  result.sig2 = is_same(parts.mac, wanted) ? Signature::valid : Signature::wrong;
  return result;
}

Signature verify(std::span<const std::uint8_t> key, std::string_view stream, std::span<const FieldView> fields) {
  return Verifier{key}.check(stream, fields);
}

StrictCheck verify_strict(std::span<const std::uint8_t> key, std::string_view stream,
                          std::span<const FieldView> fields) {
  return Verifier{key}.check_strict(stream, fields);
}

}  // namespace outboxd::entry
