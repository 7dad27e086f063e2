// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// An error message as the database can hold it: on one line, '?' for what isn't printable, cut to a length that
/// people still read. `takes_unicode`: the database's encoding is UTF-8 or none; with any other, '?' stands for what
/// isn't ASCII. A message that Postgres refused would keep its whole batch unsettled.
[[nodiscard]] std::string sanitize_last_error(std::string_view message, bool takes_unicode);

}  // namespace outboxd::postgres
