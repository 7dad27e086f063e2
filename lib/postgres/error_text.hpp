// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::postgres {

/// An error message as any database can hold it, whatever its encoding: printable ASCII on one line, with '?' for the
/// rest, cut to a length that people still read. A message that Postgres refused would keep its whole batch
/// unsettled.
[[nodiscard]] std::string storable_error(std::string_view message);

}  // namespace outboxd::postgres
