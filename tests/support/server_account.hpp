// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace outboxd::test {

/// The user that private servers run as; empty: the user of the tests.
struct Account {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Postgres and PgBouncer refuse to run as root. If root runs the tests, this is the user postgres, else nobody.
/// Throws if there is neither.
[[nodiscard]] Account server_account();

/// Makes that account the owner of a file or folder.
void give_to_server_account(const std::filesystem::path& path);

/// Options for running a program as that account, in a minimal environment.
[[nodiscard]] ChildOptions as_server_account(std::vector<std::string> command, const std::filesystem::path& folder);

/// Runs a program as that account to its end. Throws, with its output, if it fails.
void run_as_server_account(const std::vector<std::string>& command, const std::filesystem::path& folder);

}  // namespace outboxd::test
