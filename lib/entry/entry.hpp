// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace outboxd::entry {

struct Field {
  std::string name;
  std::string value;
};

/// A stream entry, with its fields in wire order.
struct Entry {
  std::string stream;
  std::vector<Field> fields;
};

inline constexpr const char* kIdField = "outbox_id";
inline constexpr const char* kDedupeField = "dedupe_key";
inline constexpr const char* kSignatureField = "_sig";
/// Only with signing.strict; before `_sig`.
inline constexpr const char* kStrictField = "_sig2";

}  // namespace outboxd::entry
