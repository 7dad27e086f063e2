// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/doctor/finding.hpp"

#include <cstddef>
#include <string>

namespace outboxd::daemon::doctor {

/// The findings as readable text, grouped by server, the worst first; those that are ok only if `all` is set. Texts
/// of servers are cut, and have no control characters. Wrapped to the terminal's width (0: there is none), except
/// commands, which can be copied.
[[nodiscard]] std::string text_of(const Findings& findings, bool all, std::size_t width = 0);

/// An object on a line for each finding, with the fields check, severity, subject, seen, why, remedy.
[[nodiscard]] std::string json_lines_of(const Findings& findings);

}  // namespace outboxd::daemon::doctor
