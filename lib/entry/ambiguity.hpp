// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"
#include "entry/verify.hpp"  // the same for views

#include <span>
#include <string_view>

namespace outboxd::entry {

/// Why this entry (without its `_sig`) is ambiguous, that is, why its signature also fits another entry, as a clause;
/// empty if it is unambiguous.
///
/// The canonical text is parsed line by line: the stream, then fields that begin with `name=` and extend to the next
/// line of that form. An entry is ambiguous if parsing its canonical text doesn't return the entry. That is so if the
/// stream or a field's name has a line end, a name has a '=', a value has a '=' after a line end, or two fields have
/// the same name.
[[nodiscard]] std::string_view ambiguity(std::string_view stream, std::span<const Field> fields);

/// Whether there is a control character (C0, DEL or, in UTF-8, C1) in the text.
[[nodiscard]] bool has_control_character(std::string_view text);

}  // namespace outboxd::entry
