// SPDX-License-Identifier: Apache-2.0
#include "support/programs.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace outboxd::test {
namespace {

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int version_of(const std::filesystem::path& folder) {
  try {
    return std::stoi(folder.filename().string());
  } catch (const std::exception&) {
    return -1;
  }
}

std::filesystem::path newest_debian_postgres() {
  std::filesystem::path best;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    const bool usable = std::filesystem::exists(entry.path() / "bin" / "initdb");
    if (usable && (best.empty() || version_of(entry.path()) > version_of(best))) best = entry.path();
  }
  return best.empty() ? best : best / "bin";
}

}  // namespace

std::string find_program(std::string_view name) {
  std::istringstream folders(environment_value("PATH") + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin");
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    const auto path = std::filesystem::path(folder) / name;
    if (!folder.empty() && ::access(path.c_str(), X_OK) == 0) return path.string();
  }
  throw std::runtime_error(std::string(name) + " isn't installed: the integration tests need it");
}

std::filesystem::path postgres_programs() {
  if (auto given = environment_value("OUTBOXD_TEST_PG_BIN"); !given.empty()) return given;
  if (auto debian = newest_debian_postgres(); !debian.empty()) return debian;
  Child pg_config({.command = {find_program("pg_config"), "--bindir"}});
  pg_config.wait();
  auto folder = pg_config.out();
  while (folder.ends_with('\n')) folder.pop_back();
  return folder;
}

std::string outboxd_program() {
  const auto given = environment_value("OUTBOXD_TEST_PROGRAM");
  return given.empty() ? OUTBOXD_BINARY : std::filesystem::absolute(given).string();
}

bool outboxd_is_sanitized() {
  return !environment_value("OUTBOXD_TEST_SANITIZE").empty();
}

std::unique_ptr<Child> start_outboxd(const std::vector<std::string>& arguments, const Environment& environment,
                                     const std::string& input) {
  ChildOptions options{.command = {outboxd_program()}, .environment = environment, .input = input};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  for (const char* name : {"ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (const auto value = environment_value(name); !value.empty()) options.environment.emplace(name, value);
  }
  return std::make_unique<Child>(options);
}

Finished run_outboxd(const std::vector<std::string>& arguments, const Environment& environment,
                     const std::string& input, std::chrono::milliseconds deadline) {
  const auto child = start_outboxd(arguments, environment, input);
  const int status = child->wait(deadline);
  return {status, child->out(), child->err()};
}

}  // namespace outboxd::test
