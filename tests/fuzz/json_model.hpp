// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::fuzz {

/// A member of a JSON object with the value that its field should have.
struct Member {
  std::string name;
  std::string value;
  bool null = false;
};

/// A second, simple parser of payloads by RFC 8259: an object's members in their order, strings unescaped, all other
/// values as their text without blanks. Empty if the text is no JSON object, has content that jsonb can't hold (half
/// a surrogate pair, bytes that are no UTF-8), or is nested too deep.
[[nodiscard]] std::optional<std::vector<Member>> model_of_object(std::string_view json);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace outboxd::fuzz
