// SPDX-License-Identifier: Apache-2.0
#include "entry/signer.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace outboxd::entry {
namespace {

constexpr std::size_t kDigestBytes = 32;

template <class AnyField>
std::string text_of(std::string_view stream, std::span<const AnyField> fields) {
  std::vector<const AnyField*> sorted;
  sorted.reserve(fields.size());
  std::size_t length = stream.size() + 1;
  for (const auto& field : fields) {
    sorted.push_back(&field);
    length += field.name.size() + field.value.size() + 2;
  }
  // Strings compare as unsigned bytes, which is the order that the signature requires.
  std::ranges::stable_sort(
      sorted, {}, [](const AnyField* field) -> const auto& { return field->name; });
  std::string text;
  text.reserve(length);
  text.append(stream).push_back('\n');
  for (const auto* field : sorted) text.append(field->name).append("=").append(field->value).push_back('\n');
  return text;
}

}  // namespace

std::string lower_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 0xFU]);
  }
  return hex;
}

std::string canonical_text(std::string_view stream, std::span<const Field> fields) {
  return text_of(stream, fields);
}

std::string canonical_text(std::string_view stream, std::span<const FieldView> fields) {
  return text_of(stream, fields);
}

Signer::Signer(std::span<const std::uint8_t> key)
    : mac_{EVP_MAC_fetch(nullptr, "HMAC", nullptr)}, context_{EVP_MAC_CTX_new(mac_.get())} {
  std::array<char, 7> digest{"SHA256"};
  const std::array params{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                          OSSL_PARAM_construct_end()};
  if (!mac_ || !context_ || EVP_MAC_init(context_.get(), key.data(), key.size(), params.data()) != 1) {
    throw std::runtime_error("signing: OpenSSL offers no HMAC-SHA256 for this key; check its provider configuration");
  }
}

std::string Signer::sign(std::string_view stream, std::span<const Field> fields) {
  return mac(canonical_text(stream, fields));
}

std::string Signer::mac(std::string_view text) {
  std::array<unsigned char, kDigestBytes> digest{};
  std::size_t length = 0;
  // Without a key argument, init starts over with the key that is already set.
  const bool signed_ok =
      EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
      EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1 &&
      EVP_MAC_final(context_.get(), digest.data(), &length, digest.size()) == 1 && length == digest.size();
  if (!signed_ok) throw std::runtime_error("signing: OpenSSL failed to compute HMAC-SHA256");
  return lower_hex(digest);
}

}  // namespace outboxd::entry
