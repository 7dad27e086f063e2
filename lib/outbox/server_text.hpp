// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What a server says of a failure may quote the row that it failed of: in a DETAIL, as the arguments of a command,
/// or in the words that a trigger has put together. Those words belong into the row's own `last_error` and nowhere
/// else. All other outlets (the log, /readyz, `status`, …) show what this says. Pure.
namespace outboxd::server_text {

/// Stands for words that are not shown.
inline constexpr std::string_view kMask = "***";

/// The text as it may be shown, if it is one that the server itself is known to have; nothing otherwise, as it may be
/// anybody's. In a pattern `@` stands for a name from the server's catalog, `#` for a number, `~` for the words of a
/// type, and `*` for what may be contents: it is masked, unless it stands in `ours`, which we have said ourselves.
[[nodiscard]] std::optional<std::string> shown_as_known(std::string_view text,
                                                        std::span<const std::string_view> patterns,
                                                        std::string_view ours = {});

/// A text that is not known, as it may be shown beside what was sent to the server: without anything that is quoted,
/// and without the words that were sent, be it in part. `sent_in_lower_case`: all of it, letters in lower case.
[[nodiscard]] std::string shown_beside(std::string_view text, std::string_view sent_in_lower_case);

/// ASCII letters in lower case.
[[nodiscard]] std::string in_lower_case(std::string_view text);

}  // namespace outboxd::server_text
