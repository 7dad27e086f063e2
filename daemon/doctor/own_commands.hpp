// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/doctor/finding.hpp"

#include <string>

namespace outboxd::daemon::doctor {

/// Gives the commands of outboxd in remedies the configuration file that the doctor was given: `outboxd status`
/// becomes `outboxd --config FILE status`. The names of roles and units stay as they are.
void use_config_file(const std::string& file, Findings& findings);

}  // namespace outboxd::daemon::doctor
