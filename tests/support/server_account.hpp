// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <sys/types.h>

namespace outboxd::test {

/// Who a server of ours runs as; nothing: as ourselves.
struct Account {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Postgres and PgBouncer refuse to run as root, so root steps down: to postgres, else nobody. Throws when there is
/// neither.
[[nodiscard]] Account server_account();

/// Makes a file or folder the property of that account.
void give_to_server_account(const std::filesystem::path& path);

}  // namespace outboxd::test
