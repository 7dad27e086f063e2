// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "entry/entry.hpp"

#include <span>
#include <string_view>

namespace outboxd::entry {

/// Why the signature of this entry (without its `_sig`) is good for another one, too, as a clause; empty when it
/// isn't.
///
/// The canonical text is read line by line: the stream, then fields that begin with `name=` and go on until the next
/// line of that form. An entry is unambiguous if that reading gives it back. It does unless the stream or a field's
/// name has a line end in it, a name has a '=', a value has a '=' after a line end, or two fields have one name.
[[nodiscard]] std::string_view ambiguity(std::string_view stream, std::span<const Field> fields);

/// Whether there is a control character (C0, DEL or, in UTF-8, C1) in the text.
[[nodiscard]] bool has_control_character(std::string_view text);

}  // namespace outboxd::entry
