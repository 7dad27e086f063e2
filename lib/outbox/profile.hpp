// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd {

/// Which service's tuning a dispatcher follows. The numbers of each profile stand in the option table
/// (config/options.cpp), its retry delays in outbox/retry_policy.hpp.
enum class Profile { api, coordinator };

}  // namespace outboxd
