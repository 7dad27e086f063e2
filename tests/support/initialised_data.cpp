// SPDX-License-Identifier: Apache-2.0
#include "support/initialised_data.hpp"

#include "support/made_once.hpp"
#include "support/programs.hpp"
#include "support/server_account.hpp"
#include "support/temp_dir.hpp"

#include <chrono>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace outboxd::test {
namespace {

const std::vector<std::string>& initdb_options() {
  static const std::vector<std::string> options{"-U",         "postgres", "--auth=trust", "--encoding=UTF8",
                                                "--locale=C", "--no-sync"};
  return options;
}

/// The folder's name, which differs for another Postgres, other options or another user.
std::string name_of_data() {
  Child version({.command = {(postgres_programs() / "initdb").string(), "--version"}});
  if (version.wait() != 0) throw std::runtime_error("initdb --version failed:\n" + version.err());
  auto made_from = version.out() + postgres_programs().string();
  for (const auto& option : initdb_options()) made_from += " " + option;
  return "of-user-" + std::to_string(server_account().user.value_or(::geteuid())) + "-" +
         std::to_string(std::hash<std::string>{}(made_from));
}

void run_initdb(const std::filesystem::path& data) {
  std::vector<std::string> command{(postgres_programs() / "initdb").string(), "-D", data.string()};
  command.insert(command.end(), initdb_options().begin(), initdb_options().end());
  run_as_server_account(command, data.parent_path());
}

/// Copied by the test process, as only root may have access to the build's folder; owners are kept.
void copy_data(const std::filesystem::path& from, const std::filesystem::path& to) {
  Child copy({.command = {find_program("cp"), "-a", "--reflink=auto", from.string(), to.string()},
              .environment = {{"LC_ALL", "C"}}});
  if (copy.wait(std::chrono::seconds(120)) != 0) throw std::runtime_error("cp failed:\n" + copy.err());
}

void make_data(const std::filesystem::path& data) {
  const TempDir folder;
  give_to_server_account(folder.path());
  run_initdb(folder / "data");
  copy_data(folder / "data", data);
}

const std::filesystem::path& initialised_data() {
  static const std::filesystem::path data = [] {
    const auto build = std::filesystem::path(outboxd_program()).parent_path().parent_path();
    try {
      return made_once(build / "postgres-data" / name_of_data(), make_data);
    } catch (const std::system_error& error) {
      std::cerr << "no data folder of Postgres is kept for other tests: " << error.what() << "\n";
    }
    static const TempDir folder;
    give_to_server_account(folder.path());
    run_initdb(folder / "data");
    return folder / "data";
  }();
  return data;
}

}  // namespace

void copy_initialised_data(const std::filesystem::path& data) {
  copy_data(initialised_data(), data);
}

}  // namespace outboxd::test
