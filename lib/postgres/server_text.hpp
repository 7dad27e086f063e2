// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// What libpqxx's exceptions say (their what()), as it may be shown anywhere: the SQLSTATE with its name, and the
/// words of Postgres, of a pooler or of libpq as far as they are known to be theirs, with masks where they quote
/// values. Words that are not known may be a trigger's, and so a row's: they stay in the server's own log. Neither
/// DETAIL nor HINT nor CONTEXT are shown. Of several hosts that can't be reached, each has its say. `ours`: as
/// shown_as_known() has it. Pure.
[[nodiscard]] std::string shown_message(std::string_view sqlstate, std::string_view what, std::string_view ours);

/// The same in its own words, on one line, without "ERROR:", the statement's text and the position; DETAIL and HINT
/// follow in brackets.
[[nodiscard]] std::string whole_message(std::string_view what);

}  // namespace outboxd::postgres
