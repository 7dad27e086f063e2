// SPDX-License-Identifier: Apache-2.0
// The encoder: the input is a row's payload.
#include "entry/encoder.hpp"
#include "fuzz/json_model.hpp"
#include "fuzz/require.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::fuzz {
namespace {

using entry::Encoded;
using entry::Encoder;
using entry::EncodingRules;
using entry::Field;
using entry::Nulls;

constexpr std::array<std::uint8_t, 32> kKey{0, 1, 2, 3, 250, 251, 252, 253, 254, 255};
constexpr std::string_view kStream = "caracal.fuzz";
constexpr std::string_view kId = "0197f3a0-0000-7000-8000-000000000001";
constexpr std::string_view kDedupe = "fuzz:1";
constexpr std::uint64_t kSmallLimit = 64;

struct Variant {
  Nulls nulls = Nulls::left_out;
  bool with_dedupe_key = false;
};

entry::Event event(std::string_view payload, const Variant& variant) {
  return {kStream, kId, variant.with_dedupe_key ? std::optional{kDedupe} : std::nullopt, payload};
}

/// Fields as one text; different lists of fields have different texts.
std::string described(const std::vector<Field>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += std::to_string(name.size()) + ":" + name + "=" + std::to_string(value.size()) + ":" + value + "\n";
  }
  return text;
}

std::string described(const Encoded& encoded) {
  if (!encoded.refusal.empty()) return "refused: " + encoded.refusal;
  return encoded.entry.stream + "\n" + std::to_string(encoded.reserved_dropped) + "\n" +
         described(encoded.entry.fields);
}

/// HMAC-SHA256 over the canonical text as deploy/SECURITY.md describes it, with OpenSSL's older interface.
std::string expected_signature(std::vector<Field> fields) {
  std::ranges::stable_sort(fields, [](const Field& left, const Field& right) {
    return std::ranges::lexicographical_compare(left.name, right.name, [](char a, char b) {
      return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
    });
  });
  std::string canonical = std::string{kStream} + "\n";
  for (const auto& [name, value] : fields) canonical += name + "=" + value + "\n";
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  const auto* done =
      ::HMAC(::EVP_sha256(), kKey.data(), static_cast<int>(kKey.size()),
             reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest.data(), &size);
  require(done != nullptr && size == digest.size(), "OpenSSL computes HMAC-SHA256");
  std::string hex;
  for (const auto byte : digest) {
    for (const unsigned digit : {byte / 16U, byte % 16U}) hex += "0123456789abcdef"[digit];
  }
  return hex;
}

/// The payload's fields by the model; empty if the model refuses the payload.
std::optional<std::vector<Field>> expected_fields(std::string_view payload, const Variant& variant) {
  const auto members = model_of_object(payload);
  if (!members) return std::nullopt;
  std::vector<Field> fields{{entry::kIdField, std::string{kId}}};
  if (variant.with_dedupe_key) fields.push_back({entry::kDedupeField, std::string{kDedupe}});
  for (const auto& [name, value, null] : *members) {
    const bool reserved = name == entry::kIdField || name == entry::kSignatureField ||
                          (variant.with_dedupe_key && name == entry::kDedupeField);
    if (!reserved && !(null && variant.nulls == Nulls::left_out)) fields.push_back({name, value});
  }
  return fields;
}

void check_refusal(const Encoded& encoded, bool model_takes_it) {
  require(!model_takes_it, "a JSON object is not refused", encoded.refusal);
  require(encoded.refusal.starts_with("payload is "), "a refusal says what is wrong", encoded.refusal);
  // It becomes the row's last_error, a text of Postgres.
  require(is_utf8(encoded.refusal) && encoded.refusal.find('\0') == std::string::npos && encoded.refusal.size() < 300,
          "a refusal can be stored");
}

/// Checks the properties of every published entry.
void check_entry(const Encoded& encoded, const Variant& variant) {
  require(encoded.entry.stream == kStream, "the stream stays as it is");
  const auto& fields = encoded.entry.fields;
  const std::size_t ours = variant.with_dedupe_key ? 2 : 1;
  require(fields.size() > ours, "our own fields are all there");
  require(fields.front().name == "outbox_id" && fields.front().value == kId, "the first field is outbox_id");
  require(!variant.with_dedupe_key || (fields[1].name == "dedupe_key" && fields[1].value == kDedupe),
          "the second field is dedupe_key");
  require(fields.back().name == "_sig", "the last field is _sig");
  const std::vector<Field> of_payload{fields.begin() + static_cast<std::ptrdiff_t>(ours), fields.end() - 1};
  for (const auto& [name, value] : of_payload) {
    require(name != "outbox_id" && name != "_sig", "no reserved name comes from the payload", name);
    require(name != "dedupe_key" || !variant.with_dedupe_key, "no dedupe_key beside the row's own");
    require(is_utf8(name) && is_utf8(value), "names and values are UTF-8");
  }
  require(fields.back().value == expected_signature({fields.begin(), fields.end() - 1}),
          "_sig is the HMAC over the canonical text");
}

void check_variant(std::string_view payload, const Variant& variant) {
  const EncodingRules rules{.nulls = variant.nulls};
  // One encoder has seen all earlier payloads, the other none.
  static Encoder left_out_encoder{{.nulls = Nulls::left_out}, kKey};
  static Encoder as_text_encoder{{.nulls = Nulls::as_text}, kKey};
  auto& used = variant.nulls == Nulls::left_out ? left_out_encoder : as_text_encoder;
  const auto encoded = used.encode(event(payload, variant));
  const auto expected = expected_fields(payload, variant);
  require(described(used.encode(event(payload, variant))) == described(encoded), "encoding twice gives the same");
  Encoder unsigned_encoder{rules, {}};
  auto without_key = unsigned_encoder.encode(event(payload, variant));
  require(without_key.refusal == encoded.refusal, "a key has no say in what is refused");
  if (!encoded.refusal.empty()) return check_refusal(encoded, expected.has_value());

  check_entry(encoded, variant);
  if (expected) {
    require(described(without_key.entry.fields) == described(*expected), "the fields are the payload's members",
            described(without_key.entry.fields) + "---- expected ----\n" + described(*expected));
  }
  without_key.entry.fields.push_back(encoded.entry.fields.back());
  require(described(without_key) == described(encoded), "without a key only _sig is missing");
}

void check_limit(std::string_view payload) {
  static Encoder unlimited{EncodingRules{}, kKey};
  static Encoder limited{EncodingRules{Nulls::left_out, kSmallLimit}, kKey};
  const auto encoded = limited.encode(event(payload, {}));
  if (payload.size() > kSmallLimit) {
    require(encoded.refusal == limited.oversize_refusal(payload.size()),
            "a payload over the limit is refused for it");
  } else {
    require(described(encoded) == described(unlimited.encode(event(payload, {}))),
            "a limit changes nothing below it");
  }
}

void check(std::string_view payload) {
  for (const auto nulls : {Nulls::left_out, Nulls::as_text}) {
    for (const bool with_dedupe_key : {false, true}) check_variant(payload, {nulls, with_dedupe_key});
  }
  check_limit(payload);
}

}  // namespace
}  // namespace outboxd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    outboxd::fuzz::check({reinterpret_cast<const char*>(data), size});
  } catch (const std::exception& error) {
    outboxd::fuzz::require(false, "the encoder never throws", error.what());
  }
  return 0;
}
