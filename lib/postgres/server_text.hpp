// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// The text of libpqxx's exceptions (their what()), as it may be shown anywhere: the SQLSTATE with its name, and the
/// message of Postgres, of a pooler or of libpq if it is known to be theirs, with masks where it quotes values. An
/// unknown message may be a trigger's, and so contain parts of a row: it stays in the server's own log. Neither
/// DETAIL nor HINT nor CONTEXT are shown. If several hosts are unreachable, the text has the error of each. `ours`:
/// as in shown_as_known(). Pure.
[[nodiscard]] std::string shown_message(std::string_view sqlstate, std::string_view what, std::string_view ours);

/// The whole message in the server's words, on one line, without "ERROR:", the statement's text and the position;
/// DETAIL and HINT follow in brackets.
[[nodiscard]] std::string whole_message(std::string_view what);

}  // namespace outboxd::postgres
