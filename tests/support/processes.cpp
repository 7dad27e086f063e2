// SPDX-License-Identifier: Apache-2.0
#include "support/processes.hpp"

#include "support/temp_dir.hpp"

#include <optional>
#include <sstream>

namespace outboxd::test {
namespace {

struct ProcessStat {
  char state = 0;
  pid_t parent = 0;
};

/// Empty if there is no such process.
std::optional<ProcessStat> stat_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  // The name in brackets may hold spaces; the state and the parent's pid follow the last bracket.
  std::istringstream rest(stat.substr(end_of_name + 1));
  ProcessStat found;
  if (!(rest >> found.state >> found.parent)) return std::nullopt;
  return found;
}

}  // namespace

bool has_ended(pid_t pid) {
  const auto stat = stat_of(pid);
  return !stat || stat->state == 'Z' || stat->state == 'X';
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stoi(name));
    if (const auto stat = stat_of(pid); stat && stat->parent == parent) children.push_back(pid);
  }
  return children;
}

}  // namespace outboxd::test
