// SPDX-License-Identifier: Apache-2.0
#include "telemetry/process_metrics.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace outboxd::telemetry {
namespace {

std::string text_of(const char* file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// When the machine started, in seconds since 1970; 0 if that can't be read.
double started_at() {
  std::istringstream lines{text_of("/proc/stat")};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

std::size_t open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator at{"/proc/self/fd", error};
  std::size_t count = 0;
  for (; !error && at != std::filesystem::directory_iterator{}; at.increment(error)) ++count;
  // One of them reads the folder.
  return count > 0 ? count - 1 : 0;
}

double most_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

template <class Metric>
Metric& one(Families& families, const char* name, const char* help) {
  return families.family<Metric>(name, help).Add({});
}

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view text, double ticks_per_second, double page_bytes) {
  const auto name_ends = text.rfind(')');
  if (name_ends == std::string_view::npos) return std::nullopt;
  std::istringstream words{std::string{text.substr(name_ends + 1)}};
  const std::vector<std::string> fields{std::istream_iterator<std::string>{words}, {}};
  // Fields 14, 15, 22, 23 and 24 in proc(5), of which the first two precede these.
  constexpr std::size_t kBefore = 3;
  constexpr std::size_t kLast = 24;
  if (fields.size() <= kLast - kBefore) return std::nullopt;
  try {
    const auto number = [&](std::size_t field) { return std::stod(fields[field - kBefore]); };
    return ProcessStat{.cpu_seconds = (number(14) + number(15)) / ticks_per_second,
                       .started_after_seconds = number(22) / ticks_per_second,
                       .virtual_bytes = number(23),
                       .resident_bytes = number(kLast) * page_bytes};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

ProcessMetrics::ProcessMetrics(Families& families)
    : cpu_{one<prometheus::Counter>(families, "process_cpu_seconds_total", "CPU time of the process.")},
      resident_{one<prometheus::Gauge>(families, "process_resident_memory_bytes", "Resident memory.")},
      virtual_{one<prometheus::Gauge>(families, "process_virtual_memory_bytes", "Virtual memory.")},
      open_descriptors_{one<prometheus::Gauge>(families, "process_open_fds", "Open file descriptors.")},
      max_descriptors_{one<prometheus::Gauge>(families, "process_max_fds", "How many file descriptors may be open.")},
      started_{one<prometheus::Gauge>(families, "process_start_time_seconds",
                                      "When the process started, in seconds since 1970.")} {
  update();
}

void ProcessMetrics::update() {
  static const double boot = started_at();
  const auto stat = parse_stat(text_of("/proc/self/stat"), static_cast<double>(::sysconf(_SC_CLK_TCK)),
                               static_cast<double>(::sysconf(_SC_PAGESIZE)));
  open_descriptors_.Set(static_cast<double>(open_descriptors()));
  max_descriptors_.Set(most_descriptors());
  if (!stat) return;
  cpu_.Increment(std::max(0.0, stat->cpu_seconds - cpu_.Value()));
  resident_.Set(stat->resident_bytes);
  virtual_.Set(stat->virtual_bytes);
  started_.Set(boot + stat->started_after_seconds);
}

}  // namespace outboxd::telemetry
