// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace outboxd::daemon {

/// The versions of the libraries that the daemon runs with, by their names: those of shared libraries as they are
/// loaded, where they say that.
[[nodiscard]] std::map<std::string, std::string> library_versions();

}  // namespace outboxd::daemon
