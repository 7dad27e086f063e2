// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::fuzz {

/// A member of a JSON object as a field should carry it.
struct Member {
  std::string name;
  std::string value;
  bool null = false;
};

/// A plain second reading of a payload, by RFC 8259 alone: an object's members in their order, strings unescaped,
/// everything else as its text without blanks. Nothing when the text is no JSON object, or has what Postgres' jsonb
/// can't hold either (half a surrogate pair, bytes that are no UTF-8), or is nested absurdly deep.
[[nodiscard]] std::optional<std::vector<Member>> model_of_object(std::string_view json);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace outboxd::fuzz
