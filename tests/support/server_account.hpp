// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

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

/// How that account runs a program, in a plain environment.
[[nodiscard]] ChildOptions as_server_account(std::vector<std::string> command, const std::filesystem::path& folder);

/// Runs it to its end. Throws, with its output, when it fails.
void run_as_server_account(const std::vector<std::string>& command, const std::filesystem::path& folder);

}  // namespace outboxd::test
