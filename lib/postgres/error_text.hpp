// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// An error message in a form that the database can store: on one line, '?' for characters that aren't printable, cut
/// to a readable length. `takes_unicode`: the database's encoding is UTF-8 or none; with any other, '?' stands for
/// characters that aren't ASCII. A message that Postgres refused would keep its whole batch unsettled.
[[nodiscard]] std::string sanitize_last_error(std::string_view message, bool takes_unicode);

}  // namespace outboxd::postgres
