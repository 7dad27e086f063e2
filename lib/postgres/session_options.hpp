// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::postgres {

/// Whether a pooler stands between us and Postgres that hands its sessions from transaction to transaction.
enum class Pooler { autodetect, transaction, none };

struct SessionOptions {
  /// As complete_conninfo() returns it.
  std::string conninfo;
  /// For one statement; the server is told, and if it doesn't keep to it the connection is cut shortly after.
  std::chrono::milliseconds statement_timeout{30'000};
  /// What a statement may take at first, before it is tried in parts; 0: as long as any.
  std::chrono::milliseconds usual_timeout{0};
  /// For one lock that a statement waits for; 0: as long as the statement may take.
  std::chrono::milliseconds lock_timeout{0};
  Pooler pooler = Pooler::autodetect;
  /// Called on the session's thread when a connection could not be opened, whatever for; may be empty.
  std::function<void()> could_not_open{};
};

/// The settings of a session that is ours alone, as SQL.
[[nodiscard]] std::string session_settings(const SessionOptions& options);

/// The same for one transaction, as SQL for its beginning, where the session is somebody else's the next moment.
[[nodiscard]] std::string transaction_settings(const SessionOptions& options);

/// What a statement may take at first.
[[nodiscard]] std::chrono::milliseconds usual_timeout_of(const SessionOptions& options);

}  // namespace outboxd::postgres
