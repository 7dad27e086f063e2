// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace outboxd::config {

using Environment = std::map<std::string, std::string, std::less<>>;

/// Copies the process's environment (pass `environ`).
Environment environment_of(const char* const* variables);

/// Null if the variable is absent, empty, or set by Kubernetes for a Service that happens to be called "redis":
/// REDIS_PORT is then "tcp://10.0.0.1:6379", which is not meant as a port.
const std::string* find_variable(const Environment& environment, std::string_view name);

}  // namespace outboxd::config
