// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace outboxd::postgres {

/// The name of an SQLSTATE (PostgreSQL manual, appendix A), or of its class; empty for codes that triggers invent.
[[nodiscard]] std::string_view condition_name(std::string_view sqlstate);

}  // namespace outboxd::postgres
