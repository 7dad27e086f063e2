// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon::doctor {

/// In rising order. A note is worth knowing and needs no action.
enum class Severity { ok, note, warning, critical };

/// "ok", "note", "warning", "critical".
[[nodiscard]] std::string_view name_of(Severity severity);

/// One result of an examination.
struct Finding {
  /// A stable name: where ("host", "postgres", "redis"), a dot, and what was examined.
  std::string check{};
  Severity severity = Severity::ok;
  /// The server, table, stream, session or file.
  std::string subject{};
  std::string seen{};
  /// Why it matters.
  std::string why{};
  /// A command that can be pasted into a shell, or the setting to change; empty where there is nothing to do.
  std::string remedy{};

  bool operator==(const Finding&) const = default;
};

using Findings = std::vector<Finding>;

[[nodiscard]] Severity worst_of(const Findings& findings);

/// A note that this role, user or server doesn't let the doctor see it. Never more than a note.
[[nodiscard]] Finding unknown(std::string check, std::string subject, const std::string& reason,
                              std::string remedy = {});

/// Appends `more`, without findings that are there already: several dispatchers may share a server.
void append(Findings& findings, Findings more);

}  // namespace outboxd::daemon::doctor
