// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/conninfo.hpp"

#include <string>

namespace outboxd::config {

/// The first of libpq's parameters whose value no server and no wait can mend, and what it may be; "" if there is
/// none. libpq itself looks at most of them only when it connects, and a daemon would wait for that as for an outage.
/// Names the parameter, and quotes no value.
std::string impossible_value(const KeywordValues& pairs);

}  // namespace outboxd::config
