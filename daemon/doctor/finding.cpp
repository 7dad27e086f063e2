// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/finding.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::daemon::doctor {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return "";
}

Severity worst_of(const Findings& findings) {
  auto worst = Severity::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.severity);
  return worst;
}

Finding unknown(std::string check, std::string subject, const std::string& reason, std::string remedy) {
  return {.check = std::move(check),
          .severity = Severity::note,
          .subject = std::move(subject),
          .seen = "can't be known here: " + reason,
          .remedy = std::move(remedy)};
}

void append(Findings& findings, Findings more) {
  for (auto& finding : more) {
    if (std::ranges::find(findings, finding) == findings.end()) findings.push_back(std::move(finding));
  }
}

}  // namespace outboxd::daemon::doctor
