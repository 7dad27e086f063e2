// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/child.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::test {

/// The path of a program in PATH or a system folder. Throws if it is missing, and names it.
[[nodiscard]] std::string find_program(std::string_view name);

/// The folder of Postgres' server programs: OUTBOXD_TEST_PG_BIN, else the newest /usr/lib/postgresql/*/bin, else the
/// one that pg_config prints.
[[nodiscard]] std::filesystem::path postgres_programs();

/// The path of the outboxd that was built with the tests, or of another one: OUTBOXD_TEST_PROGRAM, as the sanitizers'
/// builds have it.
[[nodiscard]] std::string outboxd_program();

/// True where that was built with sanitizers, which take terabytes of address space: OUTBOXD_TEST_SANITIZE.
[[nodiscard]] bool outboxd_is_sanitized();

using Environment = std::map<std::string, std::string>;

/// Starts the built outboxd. It gets only the given environment (and the sanitizers' own options).
[[nodiscard]] std::unique_ptr<Child> start_outboxd(const std::vector<std::string>& arguments,
                                                   const Environment& environment = {},
                                                   const std::string& input = "");

struct Finished {
  int status = -1;
  std::string out;
  std::string err;
};

/// start_outboxd(), and waits for its end.
Finished run_outboxd(const std::vector<std::string>& arguments, const Environment& environment = {},
                     const std::string& input = "", std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace outboxd::test
