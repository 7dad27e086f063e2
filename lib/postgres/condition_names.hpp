// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outboxd::postgres {

/// The name of a SQLSTATE (PostgreSQL manual, appendix A), or that of its class; empty for what triggers make up.
[[nodiscard]] std::string_view condition_name(std::string_view sqlstate);

}  // namespace outboxd::postgres
