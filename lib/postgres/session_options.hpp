// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace outboxd::postgres {

/// Whether a pooler that lends out its sessions for a transaction at a time stands before Postgres.
enum class Pooler { autodetect, transaction, none };

struct SessionOptions {
  /// As complete_conninfo() returns it.
  std::string conninfo;
  /// The server's time-out for one statement; if the server doesn't keep to it, the connection is cut shortly after.
  std::chrono::milliseconds statement_timeout{30'000};
  /// The time-out of a statement before it is tried in parts; 0: the statement time-out.
  std::chrono::milliseconds usual_timeout{0};
  /// The time-out of a wait for one lock; 0: the statement time-out.
  std::chrono::milliseconds lock_timeout{0};
  Pooler pooler = Pooler::autodetect;
  /// Called on the session's thread when a connection could not be opened, for any reason; may be empty.
  std::function<void()> could_not_open{};
};

/// The settings of a session that is not shared, as SQL.
[[nodiscard]] std::string session_settings(const SessionOptions& options);

/// The settings of one transaction, as SQL for its beginning, where other clients use the session between
/// transactions.
[[nodiscard]] std::string transaction_settings(const SessionOptions& options);

/// The settings of one transaction for commands of operators, who need a message soon when the table is locked; as
/// SQL for its beginning.
[[nodiscard]] std::string writing_settings(const SessionOptions& options);
/// The same for a transaction that only reads.
[[nodiscard]] std::string reading_settings(const SessionOptions& options);

/// The time-out of a statement before it is tried in parts.
[[nodiscard]] std::chrono::milliseconds usual_timeout_of(const SessionOptions& options);

}  // namespace outboxd::postgres
