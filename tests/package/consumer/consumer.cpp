// SPDX-License-Identifier: Apache-2.0
// A consumer that checks the contract's first vector, and that of deploy/SECURITY.md. Exit status 0: all as expected.
#include <cstdint>
#include <numeric>
#include <outboxd/verify.hpp>
#include <vector>

int main() {
  using outboxd::entry::FieldView;
  std::vector<std::uint8_t> key(32);
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::vector<FieldView> fields{{"outbox_id", "0197f3a0-0000-7000-8000-000000000001"},
                                {"zone_id", "z-1"},
                                {"event", "policy.activated"},
                                {"version", "3"},
                                {"_sig", "5a75cf0ed2d565ecb1543d217d1b381e90edc5b85faff786a98c7c9bdde37e4c"}};
  constexpr const char* kStream = "caracal.policy.invalidate";
  if (outboxd::entry::verify(key, kStream, fields) != outboxd::entry::Signature::valid) return 1;
  if (is_valid(outboxd::entry::verify(key, "caracal.sessions.revoke", fields))) return 2;
  if (!outboxd::entry::ambiguity(kStream, fields).empty()) return 3;
  fields.back() = {
      "_sig2", "v1:88386d75b558be88:1790000000123:eee3ad006d61a36976fa63e9487f32d1c2160a9efd4d4ee1f258e0dfb915eb2a"};
  fields.push_back({"_sig", "71a6669bdf5acba2833465bc417053fab6829ff4eff8ddba7d64ed78f0c3c3f6"});
  outboxd::entry::Verifier verifier{key};
  const auto check = verifier.check_strict(kStream, fields);
  if (!is_valid(check) || check.strict->signed_at.time_since_epoch().count() != 1'790'000'000'123) return 4;
  return 0;
}
