// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// Texts as they have to be written in scripts and in roff. Pure.
namespace outboxd::daemon::reference {

/// One word of bash and zsh.
[[nodiscard]] std::string shell_quoted(std::string_view text);

/// One word of fish.
[[nodiscard]] std::string fish_quoted(std::string_view text);

/// A word with its description, as zsh's _describe takes it; not quoted yet.
[[nodiscard]] std::string zsh_described(std::string_view word, std::string_view description);

/// One or more lines of text in roff: nothing in them is a request or an escape. Without blank lines.
[[nodiscard]] std::string roff_text(std::string_view text);

/// The same for a paragraph, in which what is between ` and ` is bold.
[[nodiscard]] std::string roff_prose(std::string_view text);

/// An argument of a request or a macro, with its quotes.
[[nodiscard]] std::string roff_argument(std::string_view text);

}  // namespace outboxd::daemon::reference
