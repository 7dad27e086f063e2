// SPDX-License-Identifier: Apache-2.0
#include "entry/ambiguity.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace outboxd::entry {
namespace {

/// Whether a line after the value's first one contains a '='. Such a line would be read as a field of its own, even
/// with an empty name.
bool has_line_like_a_field(std::string_view value) {
  const auto line_end = value.find('\n');
  return line_end != std::string_view::npos && value.find('=', line_end) != std::string_view::npos;
}

template <class AnyField>
bool has_name_twice(std::span<const AnyField> fields) {
  // Nearly every entry has few fields, and comparing each pair is then faster than sorting.
  constexpr std::size_t kFew = 16;
  if (fields.size() <= kFew) {
    for (auto field = fields.begin(); field != fields.end(); ++field) {
      const auto has_its_name = [&](const AnyField& other) { return other.name == field->name; };
      if (std::any_of(std::next(field), fields.end(), has_its_name)) return true;
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(fields.size());
  for (const auto& field : fields) names.emplace_back(field.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

template <class AnyField>
std::string_view ambiguity_of(std::string_view stream, std::span<const AnyField> fields) {
  if (stream.find('\n') != std::string_view::npos) return "its stream's name has a line end in it";
  for (const auto& field : fields) {
    if (field.name.find('=') != std::string_view::npos || field.name.find('\n') != std::string_view::npos) {
      return "the name of a field has a '=' or a line end in it";
    }
    if (has_line_like_a_field(field.value)) return "the value of a field has a line of the form name=";
  }
  if (has_name_twice(fields)) return "a field's name appears twice";
  return {};
}

}  // namespace

std::string_view ambiguity(std::string_view stream, std::span<const Field> fields) {
  return ambiguity_of(stream, fields);
}

std::string_view ambiguity(std::string_view stream, std::span<const FieldView> fields) {
  std::vector<FieldView> others;
  others.reserve(fields.size());
  for (const auto& field : fields) {
    if (field.name != kSignatureField) others.push_back(field);
  }
  return ambiguity_of(stream, std::span<const FieldView>{others});
}

bool has_control_character(std::string_view text) {
  unsigned char before = 0;
  return std::ranges::any_of(text, [&before](char c) {
    const auto byte = static_cast<unsigned char>(c);
    // In UTF-8 the C1 controls are C2 80 to C2 9F, and no other character has these two bytes one after the other.
    const bool is_c1 = before == 0xC2 && byte >= 0x80 && byte <= 0x9F;
    before = byte;
    return byte < 0x20 || byte == 0x7F || is_c1;
  });
}

}  // namespace outboxd::entry
