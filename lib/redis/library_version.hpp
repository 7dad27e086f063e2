// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace outboxd::redis {

/// The version of hiredis that this was compiled with; the library doesn't say its own.
[[nodiscard]] std::string library_version();

}  // namespace outboxd::redis
