// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::config {

/// Replaces a secret.
inline constexpr std::string_view kMasked = "***";

/// A Postgres URL or conninfo string without secrets: only parts known to be harmless are shown, and a string that
/// can't be understood is masked as a whole.
std::string mask_postgres(std::string_view connection);

/// The same for a Redis URL.
std::string mask_redis_url(std::string_view url);

}  // namespace outboxd::config
