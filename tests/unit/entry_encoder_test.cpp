// SPDX-License-Identifier: Apache-2.0
#include "entry/encoder.hpp"
#include "entry/signer.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace outboxd::entry {
namespace {

std::vector<std::uint8_t> key_0_to_31() {
  std::vector<std::uint8_t> key(32);
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  return key;
}

Encoder signing_encoder() {
  return {EncodingRules{}, key_0_to_31()};
}

std::string names_of(const Entry& entry) {
  std::string names;
  for (const auto& field : entry.fields) names += field.name + " ";
  return names;
}

}  // namespace

TEST_CASE("the contract's first vector: an api row") {
  const auto encoded =
      signing_encoder().encode({"caracal.policy.invalidate", "0197f3a0-0000-7000-8000-000000000001", std::nullopt,
                                R"({"zone_id": "z-1", "event": "policy.activated", "version": 3})"});
  CHECK(encoded.refusal == "");
  CHECK(names_of(encoded.entry) == "outbox_id zone_id event version _sig ");
  CHECK(encoded.entry.fields.back().value == "5a75cf0ed2d565ecb1543d217d1b381e90edc5b85faff786a98c7c9bdde37e4c");
}

TEST_CASE("the contract's second vector: dedupe key, empty value, nested JSON, UTF-8 and a newline") {
  const auto encoded = signing_encoder().encode(
      {"caracal.sessions.revoke", "o-2", "revoke:s-9",
       R"({"session_id": "s-9", "reason": "", "nested": {"id": "inv-1", "n": 1.10}, "größe": "ä",)"
       R"( "note": "line1\nline2"})"});
  CHECK(names_of(encoded.entry) == "outbox_id dedupe_key session_id reason nested größe note _sig ");
  CHECK(encoded.entry.fields.back().value == "8aa66685d110ba59d3762b9c4e24eed732fc4b0a0f50b37d19b279a5b598c6c7");
}

TEST_CASE("canonical text: stream first, then fields by the bytes of their names") {
  const std::vector<Field> fields{{"b", "2"}, {"ä", "4"}, {"a", "1"}, {"Z", "0"}, {"b.c", "3"}};
  CHECK(canonical_text("s", fields) == "s\nZ=0\na=1\nb=2\nb.c=3\nä=4\n");
}

TEST_CASE("without a key there is no signature") {
  Encoder encoder{EncodingRules{}, {}};
  CHECK(names_of(encoder.encode({"s", "o-1", std::nullopt, R"({"a": 1})"}).entry) == "outbox_id a ");
}

TEST_CASE("reserved names in the payload are dropped and counted") {
  const auto* payload = R"({"_sig": "forged", "a": 1, "outbox_id": "forged", "dedupe_key": "theirs"})";
  auto encoder = signing_encoder();
  const auto api = encoder.encode({"s", "o-1", std::nullopt, payload});
  CHECK(names_of(api.entry) == "outbox_id a dedupe_key _sig ");
  CHECK(api.reserved_dropped == 2);
  CHECK(api.entry.fields.front().value == "o-1");
  const auto coordinator = encoder.encode({"s", "o-1", "ours", payload});
  CHECK(names_of(coordinator.entry) == "outbox_id dedupe_key a _sig ");
  CHECK(coordinator.reserved_dropped == 3);
  CHECK(coordinator.entry.fields[1].value == "ours");
}

TEST_CASE("events that can never be published are refused with a reason") {
  auto encoder = signing_encoder();
  CHECK(encoder.encode({"", "o-1", std::nullopt, "{}"}).refusal == "stream name is empty");
  CHECK(encoder.encode({"s", "o-1", std::nullopt, "[]"}).refusal ==
        "payload is an array, and only a JSON object can be published");
  Encoder small{EncodingRules{Nulls::left_out, 10}, {}};
  CHECK(small.encode({"s", "o-1", std::nullopt, R"({"a": 12})"}).refusal == "");
  CHECK(small.encode({"s", "o-1", std::nullopt, R"({"a": 12345})"}).refusal ==
        "payload is 12 bytes, over the limit of 10 (dispatcher.max_payload_bytes)");
}

}  // namespace outboxd::entry
