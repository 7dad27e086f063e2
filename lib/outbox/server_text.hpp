// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What a server says of a failure may quote the row: in a DETAIL, as the arguments of a command, or in a message
/// that a trigger has composed. Such words belong into the row's own `last_error` and nowhere else. All other outlets
/// (the log, /readyz, `status`, …) show what these functions return. Pure.
namespace outboxd::server_text {

/// Replaces words that are not shown.
inline constexpr std::string_view kMask = "***";

/// The text as it may be shown, if it is a message that the server itself is known to have; otherwise nothing, as
/// anyone may have written it. In a pattern `@` stands for a name from the server's catalog, `#` for a number, `~`
/// for the words of a type, and `*` for possible contents, which are masked unless they occur in `ours`, our own
/// words.
[[nodiscard]] std::optional<std::string> shown_as_known(std::string_view text,
                                                        std::span<const std::string_view> patterns,
                                                        std::string_view ours = {});

/// An unknown text as it may be shown: without anything that is quoted, and without the words that were sent to the
/// server, even in part. `sent_in_lower_case`: all that was sent, in lower case.
[[nodiscard]] std::string shown_beside(std::string_view text, std::string_view sent_in_lower_case);

/// Converts ASCII letters to lower case.
[[nodiscard]] std::string in_lower_case(std::string_view text);

}  // namespace outboxd::server_text
