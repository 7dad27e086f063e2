// SPDX-License-Identifier: Apache-2.0
#include "bench/cpu.hpp"

#include "support/processes.hpp"
#include "support/temp_dir.hpp"

#include <array>
#include <ctime>
#include <sstream>
#include <string>
#include <unistd.h>

namespace outboxd::bench {
namespace {

struct Times {
  double own = 0;
  double ended_children = 0;
};

Times times_of(pid_t pid) {
  const auto stat = test::read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return {};
  // From the state on, the third of proc(5); the times are its 14th to 17th.
  std::istringstream rest(stat.substr(end_of_name + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) rest >> skipped;
  std::array<double, 4> ticks{};
  for (auto& one : ticks) rest >> one;
  const auto a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {(ticks[0] + ticks[1]) / a_second, (ticks[2] + ticks[3]) / a_second};
}

}  // namespace

double cpu_of(pid_t pid) {
  return times_of(pid).own;
}

double cpu_of_tree(pid_t pid) {
  const auto times = times_of(pid);
  double sum = times.own + times.ended_children;
  for (const auto child : test::children_of(pid)) sum += cpu_of_tree(child);
  return sum;
}

double cpu_of_this_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::int64_t resident_bytes(pid_t pid) {
  std::istringstream statm(test::read_file("/proc/" + std::to_string(pid) + "/statm"));
  std::int64_t total = 0;
  std::int64_t resident = 0;
  statm >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace outboxd::bench
