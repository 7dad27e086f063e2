// SPDX-License-Identifier: Apache-2.0
// Runs seeded scenarios: `simulation [--seeds COUNT] [--from SEED]`. One seed alone is replayed with
// `simulation --seeds 1 --from SEED`. Exit status 1 when a promise was broken.
#include "simulation/scenario.hpp"

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

namespace {

struct Arguments {
  std::uint64_t seeds = 300;
  std::uint64_t from = 1;
};

Arguments parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
    const std::string_view word = words[i];
    if (word == "--seeds") arguments.seeds = std::stoull(words[i + 1]);
    if (word == "--from") arguments.from = std::stoull(words[i + 1]);
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse({argv, static_cast<std::size_t>(argc)});
  std::uint64_t rows = 0;
  std::uint64_t repeats = 0;
  std::uint64_t crashes = 0;
  std::uint64_t failed = 0;
  for (auto seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    const auto result = outboxd::simulation::run_scenario(seed);
    rows += result.rows;
    repeats += result.repeats;
    crashes += result.crashes;
    if (result.faults.empty()) continue;
    ++failed;
    std::cout << "seed " << seed << " (replay: simulation --seeds 1 --from " << seed << ")\n";
    for (const auto& fault : result.faults) std::cout << "  " << fault << "\n";
  }
  std::cout << arguments.seeds << " seeds, " << failed << " failed; " << rows << " rows, " << repeats << " repeats, "
            << crashes << " crashes\n";
  return failed == 0 ? 0 : 1;
}
