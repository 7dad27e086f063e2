// SPDX-License-Identifier: Apache-2.0
// The fault matrix on real servers: `faults [--short] [--repeat N] [--only TEXT] [--jobs N] [--outage SECONDS]
// [--list]`. Prints a Markdown table; the exit status is 1 if a row is lost or dead, there are more repeats than rows
// in flight, or another promise is broken. See README.md.
#include "faults/report.hpp"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <mutex>
#include <span>
#include <thread>

namespace {

using namespace outboxd::faults;

struct Arguments {
  bool only_short = false;
  bool only_list = false;
  int rounds = 1;
  std::size_t jobs = 1;
  std::string only;
  CaseOptions cases;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    const auto value = [&] {
      if (i + 1 >= words.size()) throw std::invalid_argument(word + " needs a value");
      return std::string(words[++i]);
    };
    if (word == "--short") {
      arguments.only_short = true;
      arguments.jobs = 4;
    } else if (word == "--list") {
      arguments.only_list = true;
    } else if (word == "--repeat") {
      arguments.rounds = std::stoi(value());
    } else if (word == "--jobs") {
      arguments.jobs = std::stoul(value());
    } else if (word == "--only") {
      arguments.only = value();
    } else if (word == "--outage") {
      arguments.cases.outage = std::chrono::seconds{std::stol(value())};
    } else {
      throw std::invalid_argument("unknown argument " + word);
    }
  }
  return arguments;
}

std::vector<Case> chosen_cases(const Arguments& arguments) {
  std::vector<Case> chosen;
  for (auto& group : {daemon_cases(), beside_cases(), postgres_cases(), failover_cases(), disk_cases(), redis_cases(),
                      redis_refusal_cases(), network_cases(), poison_cases(), outage_cases(arguments.cases)}) {
    for (const auto& one : group) {
      const bool named = (one.fault + " | " + one.step).find(arguments.only) != std::string::npos;
      if (named && (one.in_short || !arguments.only_short)) chosen.push_back(one);
    }
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i].world.seed = static_cast<std::uint32_t>(i + 1);
  return chosen;
}

/// Runs all cases, several at a time, each on a thread of its own with servers of its own.
std::vector<Result> run_all(const std::vector<Case>& cases, const Arguments& arguments) {
  std::vector<Result> results(cases.size());
  std::atomic<std::size_t> next = 0;
  std::mutex one_line_at_a_time;
  const auto work = [&] {
    for (std::size_t i = next++; i < cases.size(); i = next++) {
      try {
        results[i] = run_case(cases[i], arguments.rounds);
      } catch (const std::exception& error) {
        results[i].broken.emplace_back(error.what());
      }
      const std::lock_guard lock{one_line_at_a_time};
      std::cerr << (results[i].broken.empty() ? "kept    " : "BROKEN  ") << cases[i].fault << " | " << cases[i].step
                << '\n';
      for (const auto& line : results[i].broken) std::cerr << "  " << line << '\n';
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(arguments.jobs, cases.size()); ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto arguments = parse({argv, static_cast<std::size_t>(argc)});
    const auto cases = chosen_cases(arguments);
    if (cases.empty()) throw std::invalid_argument("no row of the matrix has this in its name: " + arguments.only);
    if (arguments.only_list) {
      for (const auto& one : cases) std::cout << one.fault << " | " << one.step << '\n';
      return 0;
    }
    const auto results = run_all(cases, arguments);
    std::cout << report(cases, results, arguments.rounds);
    return std::ranges::all_of(results, [](const Result& result) { return result.broken.empty(); }) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "faults: " << error.what() << '\n';
    return 2;
  }
}
