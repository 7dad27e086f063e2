// SPDX-License-Identifier: Apache-2.0
// Environment names that other dispatchers than outboxd read, too.
#pragma once

#include "config/environment.hpp"
#include "config/layers.hpp"
#include "config/options.hpp"
#include "config/origin.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace outboxd::config {

/// The largest number that the option takes, in the name's unit, where a shared name of a dispatcher's tuning has a
/// larger one: by such a number other dispatchers are silenced, and it must not keep outboxd from starting.
std::optional<std::string> largest_instead(const Option& option, const EnvName& name, std::string_view text);

/// Warns of names that dispatchers of profile api would read, and don't, as one of profile coordinator, which has
/// names so called, runs in the same process.
void warn_of_unread(const Environment& environment, Problems& warnings);

/// Warns of a port of Redis that Kubernetes gave for a Service of that name ("tcp://10.0.0.1:6379") where a host was
/// chosen without a port: the variable is no port of ours, and the default one is taken.
void warn_of_service_port(const Environment& environment, const Layer& merged, Problems& warnings);

}  // namespace outboxd::config
