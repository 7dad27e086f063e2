// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Texts from outside (row contents, server errors) made safe to print. Pure.
namespace outboxd::telemetry {

/// One readable line: control characters (including newlines and terminal sequences), direction overrides and bytes
/// that are not UTF-8 become `\n`, `\t`, `\x1b`, `\u202e`, `\xff`; all other text stays as it is.
void append_printable(std::string& to, std::string_view text);

/// The inside of a JSON string. Bytes that are not UTF-8 become U+FFFD, so that every parser takes the line.
void append_json(std::string& to, std::string_view text);

/// A JSON string, with its quotes.
[[nodiscard]] std::string json_text(std::string_view text);
/// The same, but null for an empty text.
[[nodiscard]] std::string json_or_null(std::string_view text);

}  // namespace outboxd::telemetry
