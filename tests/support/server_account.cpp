// SPDX-License-Identifier: Apache-2.0
#include "support/server_account.hpp"

#include <chrono>
#include <pwd.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace outboxd::test {
namespace {

Account find_account() {
  if (::geteuid() != 0) return {};
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* entry = ::getpwnam(name); entry != nullptr) return {entry->pw_uid, entry->pw_gid};
  }
  throw std::runtime_error("root can't run Postgres, and there is neither a user postgres nor nobody");
}

}  // namespace

Account server_account() {
  // getpwnam() is not thread-safe.
  static const auto account = find_account();
  return account;
}

void give_to_server_account(const std::filesystem::path& path) {
  const auto account = server_account();
  if (account.user && ::chown(path.c_str(), *account.user, *account.group) != 0) {
    throw std::runtime_error("could not give " + path.string() + " to the servers' user");
  }
}

ChildOptions as_server_account(std::vector<std::string> command, const std::filesystem::path& folder) {
  const auto account = server_account();
  return {.command = std::move(command),
          .environment = {{"LC_ALL", "C"}, {"TZ", "UTC"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}},
          .user = account.user,
          .group = account.group,
          .folder = folder};
}

void run_as_server_account(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  Child child(as_server_account(command, folder));
  if (child.wait(std::chrono::seconds(120)) != 0) {
    throw std::runtime_error(command[0] + " failed:\n" + child.out() + child.err());
  }
}

}  // namespace outboxd::test
