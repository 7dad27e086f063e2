// SPDX-License-Identifier: Apache-2.0
#include "entry/encoder.hpp"
#include "entry/signer.hpp"
#include "entry/strict_signature.hpp"
#include "entry/verify.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace outboxd::entry {
namespace {

using Fields = std::vector<Field>;
using Key = std::vector<std::uint8_t>;

Key key_0_to_31() {
  Key key(32);
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  return key;
}

std::vector<FieldView> views_of(const Fields& fields) {
  std::vector<FieldView> views;
  for (const auto& field : fields) views.push_back({field.name, field.value});
  return views;
}

std::chrono::system_clock::time_point test_time() {
  return std::chrono::system_clock::time_point{std::chrono::milliseconds{1'790'000'000'123}};
}

Entry strict_entry(const Event& event, const Key& key) {
  const EncodingRules rules{.strict_clock = &test_time};
  auto encoded = Encoder{rules, key}.encode(event);
  REQUIRE(encoded.refusal == "");
  return std::move(encoded.entry);
}

Signature check(const std::string& stream, const Fields& fields, const Key& key = key_0_to_31()) {
  return verify(key, stream, views_of(fields));
}

StrictCheck check_strict(const std::string& stream, const Fields& fields, const Key& key = key_0_to_31()) {
  auto result = verify_strict(key, stream, views_of(fields));
  result.strict.reset();  // points into the views
  return result;
}

const Fields kFirstVector{{"outbox_id", "0197f3a0-0000-7000-8000-000000000001"},
                          {"zone_id", "z-1"},
                          {"event", "policy.activated"},
                          {"version", "3"},
                          {"_sig", "5a75cf0ed2d565ecb1543d217d1b381e90edc5b85faff786a98c7c9bdde37e4c"}};
const Fields kSecondVector{{"outbox_id", "o-2"},
                           {"dedupe_key", "revoke:s-9"},
                           {"session_id", "s-9"},
                           {"reason", ""},
                           {"nested", R"({"id":"inv-1","n":1.10})"},
                           {"größe", "ä"},
                           {"note", "line1\nline2"},
                           {"_sig", "8aa66685d110ba59d3762b9c4e24eed732fc4b0a0f50b37d19b279a5b598c6c7"}};

/// Short texts, often with what is special to the canonical text: UTF-8, line ends, '=', ':' and ','.
std::string random_text(std::mt19937& random) {
  constexpr std::array<std::string_view, 10> kParts{"a", "b", "=", "\n", ":", ",", "ä", "😀", "1", "x=y\nz"};
  std::string text;
  for (auto count = random() % 5; count > 0; --count) text.append(kParts.at(random() % kParts.size()));
  return text;
}

/// An entry as a dispatcher with signing.strict writes it, of any fields.
Entry random_entry(std::mt19937& random, const Key& key) {
  Signer signer{key};
  Entry entry{"s" + std::to_string(random() % 3), {{"outbox_id", random_text(random)}}};
  for (auto count = random() % 6; count > 0; --count) {
    entry.fields.push_back({random_text(random), random_text(random)});
  }
  const auto sig2 = strict_signature(signer, key_id(key), test_time(), entry.stream, entry.fields);
  entry.fields.push_back({kStrictField, sig2});
  entry.fields.push_back({kSignatureField, signer.sign(entry.stream, entry.fields)});
  return entry;
}

}  // namespace

TEST_CASE("verify: the contract's vectors") {
  CHECK(check("caracal.policy.invalidate", kFirstVector) == Signature::valid);
  CHECK(check("caracal.sessions.revoke", kSecondVector) == Signature::valid);
  CHECK(check("caracal.sessions.revoke", kFirstVector) == Signature::wrong);
  CHECK(check("caracal.policy.invalidate", kFirstVector, Key(32, 7)) == Signature::wrong);
}

TEST_CASE("verify: no signature, several, and those of another form") {
  const std::string mac(64, 'a');
  CHECK(check("s", {{"a", "1"}}) == Signature::missing);
  CHECK(check("s", {}) == Signature::missing);
  CHECK(check("s", {{"_sig", mac}, {"_sig", mac}}) == Signature::repeated);
  CHECK(check("s", {{"_sig", mac}}) == Signature::wrong);
  for (const auto& bad : {std::string{}, std::string{"x"}, mac + "a", std::string(63, 'a'), std::string(64, 'A'),
                          std::string(64, '\0')}) {
    CHECK(check("s", {{"_sig", bad}}) == Signature::malformed);
  }
}

TEST_CASE("signing.strict: the vectors of deploy/SECURITY.md") {
  const auto key = key_0_to_31();
  CHECK(key_id(key) == "88386d75b558be88");
  const auto first = strict_entry({"caracal.policy.invalidate", "0197f3a0-0000-7000-8000-000000000001", std::nullopt,
                                   R"({"zone_id": "z-1", "event": "policy.activated", "version": 3})"},
                                  key);
  REQUIRE(first.fields.size() == 6);
  CHECK(first.fields[4].name == "_sig2");
  CHECK(first.fields[4].value ==
        "v1:88386d75b558be88:1790000000123:eee3ad006d61a36976fa63e9487f32d1c2160a9efd4d4ee1f258e0dfb915eb2a");
  CHECK(first.fields[5].name == "_sig");
  CHECK(first.fields[5].value == "71a6669bdf5acba2833465bc417053fab6829ff4eff8ddba7d64ed78f0c3c3f6");
  const auto second =
      strict_entry({"caracal.sessions.revoke", "o-2", "revoke:s-9",
                    R"({"session_id": "s-9", "reason": "", "nested": {"id": "inv-1", "n": 1.10}, "größe": "ä",)"
                    R"( "note": "line1\nline2"})"},
                   key);
  REQUIRE(second.fields.size() == 9);
  CHECK(second.fields[7].value ==
        "v1:88386d75b558be88:1790000000123:487f6833902a06e59680124956d9a4a6a3886c2450b7381c3f3143fe6e646eff");
  CHECK(second.fields[8].value == "72441fbbcbf279ad05b9234fcf8b413c6f9a0ee8fb9a808e2ae2085e04618adc");
  for (const auto& entry : {first, second}) {
    const auto views = views_of(entry.fields);
    const auto result = verify_strict(key, entry.stream, views);
    CHECK(is_valid(result));
    REQUIRE(result.strict);
    CHECK(result.strict->signed_at == test_time());
    CHECK(result.strict->key_id == key_id(key));
    // The field is one like any other for consumers that don't look at it.
    CHECK(verify(key, entry.stream, views) == Signature::valid);
  }
}

TEST_CASE("what _sig2 signs is one text for one entry, and never the text of a _sig") {
  const std::vector<FieldView> fields{{"a", "1"}, {"_sig", "x"}, {"", "ä"}, {"_sig2", "y"}};
  CHECK(strict_text("0123456789abcdef", "5", "s", fields) ==
        std::string("\0", 1) + "15:outboxd-sig2-v1,16:0123456789abcdef,1:5,1:s,1:a,1:1,0:,2:ä,");
  // The text of a `_sig` begins with the stream's name, and one that begins with a zero byte is refused.
  const std::string zero("\0s", 2);
  CHECK(Encoder{{}, key_0_to_31()}.encode({zero, "o", std::nullopt, "{}"}).refusal != "");
}

TEST_CASE("signing.strict: reserved names, and a wire format that is unchanged without it") {
  const auto key = key_0_to_31();
  const Event event{"s", "o-1", std::nullopt, R"({"_sig2": "theirs", "a": 1})"};
  const auto usual = Encoder{{}, key}.encode(event);
  CHECK(usual.reserved_dropped == 0);
  REQUIRE(usual.entry.fields.size() == 4);
  CHECK(usual.entry.fields[1].value == "theirs");
  const EncodingRules strict{.strict_clock = &test_time};
  const auto encoded = Encoder{strict, key}.encode(event);
  CHECK(encoded.reserved_dropped == 1);
  REQUIRE(encoded.entry.fields.size() == 4);
  CHECK(encoded.entry.fields[1].name == "a");
  CHECK(is_valid(check_strict("s", encoded.entry.fields)));
  CHECK(Encoder{strict, {}}.encode(event).entry.fields.size() == 3);
}

TEST_CASE("_sig2: missing, several, malformed, of another key, and not at its place") {
  const auto key = key_0_to_31();
  const auto good = strict_entry({"s", "o-1", std::nullopt, R"({"a": 1})"}, key);
  const auto with_sig2 = [&good, &key](const std::string& value) {
    auto fields = good.fields;
    fields[2].value = value;
    fields.pop_back();
    fields.push_back({kSignatureField, Signer{key}.sign("s", fields)});
    return check_strict("s", fields).sig2;
  };
  const auto& value = good.fields[2].value;
  CHECK(with_sig2(value) == Signature::valid);
  for (const auto& bad :
       {std::string{}, std::string{"v1:"}, std::string{"v1::"}, "v2" + value.substr(2), value + "0", value.substr(1),
        value.substr(0, 20) + "0" + value.substr(20), value.substr(0, 20) + "-" + value.substr(21)}) {
    CAPTURE(bad);
    CHECK(with_sig2(bad) == Signature::malformed);
  }
  CHECK(with_sig2("v1:0000000000000000" + value.substr(19)) == Signature::other_key);
  auto fields = good.fields;
  std::swap(fields[1], fields[2]);
  CHECK(is_valid(check("s", fields)));
  CHECK(check_strict("s", fields).sig2 == Signature::malformed);
  fields = good.fields;
  fields.insert(fields.begin(), fields[2]);
  CHECK(check_strict("s", fields).sig2 == Signature::repeated);
  CHECK(check_strict("caracal.policy.invalidate", kFirstVector).sig2 == Signature::missing);
  const auto other = verify_strict(Key(32, 7), "s", views_of(good.fields));
  CHECK(other.sig == Signature::wrong);
  CHECK(other.sig2 == Signature::other_key);
}

TEST_CASE("property: any entry verifies, and _sig2 notices each single change of it") {
  const auto key = key_0_to_31();
  std::mt19937 random{11};
  Verifier verifier{key};
  const auto is_good = [&verifier](const Entry& entry) {
    const auto views = views_of(entry.fields);
    return is_valid(verifier.check_strict(entry.stream, views));
  };
  std::size_t unnoticed_by_sig = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto entry = random_entry(random, key);
    REQUIRE(is_good(entry));
    std::vector<Entry> changed;
    const auto change = [&](auto how) {
      auto other = entry;
      how(other);
      const auto differs = [](const Field& one, const Field& two) {
        return one.name != two.name || one.value != two.value;
      };
      const bool is_other = other.stream != entry.stream || other.fields.size() != entry.fields.size() ||
                            !std::ranges::equal(other.fields, entry.fields, std::not_fn(differs));
      if (!is_other) return;
      CAPTURE(canonical_text(entry.stream, entry.fields));
      CAPTURE(canonical_text(other.stream, other.fields));
      REQUIRE(!is_good(other));
      const auto views = views_of(other.fields);
      if (is_valid(verifier.check(other.stream, views))) ++unnoticed_by_sig;
    };
    const auto at = random() % entry.fields.size();
    const auto next = std::min(at + 1, entry.fields.size() - 1);
    const auto text = random_text(random);
    change([&](Entry& other) { other.stream += "x"; });
    change([&](Entry& other) { other.fields[at].name = text; });
    change([&](Entry& other) { other.fields[at].value = text; });
    change([&](Entry& other) { std::swap(other.fields[at], other.fields[next]); });
    change([&](Entry& other) { other.fields.erase(other.fields.begin() + static_cast<std::ptrdiff_t>(at)); });
    change([&](Entry& other) {
      other.fields.insert(other.fields.begin() + static_cast<std::ptrdiff_t>(at), {text, random_text(random)});
    });
    // A boundary moves from the name to the value, or from a value's second line to a field of its own.
    change([&](Entry& other) {
      auto& [name, value] = other.fields[at];
      const auto equals = name.find('=');
      if (equals == std::string::npos) return;
      value = name.substr(equals + 1) + "=" + value;
      name.resize(equals);
    });
  }
  // Reordered fields and moved boundaries are what `_sig` alone can't notice.
  CHECK(unnoticed_by_sig > 100);
}

TEST_CASE("ambiguity of views leaves out the signature") {
  CHECK(ambiguity("s", views_of(kSecondVector)).empty());
  CHECK(ambiguity("s", views_of({{"_sig", "a"}, {"b", "c"}, {"_sig", "d"}})).empty());
  CHECK(ambiguity("s", views_of({{"a=b", "c"}})) == "the name of a field has a '=' or a line end in it");
}

}  // namespace outboxd::entry
