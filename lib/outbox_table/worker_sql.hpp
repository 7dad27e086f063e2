// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace outboxd::outbox_table {

/// The key of the advisory lock by which the worker that `expression` names shows that it lives.
[[nodiscard]] std::string worker_key_sql(std::string_view expression);

/// A condition that is true when no session holds the lock of the worker that `expression` names. It takes no lock,
/// as another session's try would fail in that moment.
[[nodiscard]] std::string worker_is_gone_sql(std::string_view expression);

}  // namespace outboxd::outbox_table
