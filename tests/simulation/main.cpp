// SPDX-License-Identifier: Apache-2.0
// Runs seeded scenarios: `simulation [--seeds COUNT] [--from SEED] [--trace]`. One seed alone is replayed with
// `simulation --seeds 1 --from SEED`, and tells what happens with `--trace`. Exit status 1 when a promise was broken,
// or when, in a run of 300 seeds or more, some kind of event never happened.
#include "simulation/scenario.hpp"

#include <charconv>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using outboxd::simulation::Event;
using outboxd::simulation::Events;

// In fewer seeds a kind may be missing by chance.
constexpr std::uint64_t kEnoughSeeds = 300;

struct Arguments {
  std::uint64_t seeds = 300;
  std::uint64_t from = 1;
  bool traced = false;
};

constexpr const char* kUsage = "usage: simulation [--seeds COUNT] [--from SEED] [--trace]\n";

/// Nothing for words that it doesn't know: a mistyped option is not to run something else.
std::optional<Arguments> parse(std::span<char*> words) {
  Arguments arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--trace") {
      arguments.traced = true;
      continue;
    }
    if ((word != "--seeds" && word != "--from") || i + 1 == words.size()) return std::nullopt;
    const std::string_view number = words[++i];
    auto& value = word == "--seeds" ? arguments.seeds : arguments.from;
    const auto [end, error] = std::from_chars(number.begin(), number.end(), value);
    if (error != std::errc{} || end != number.end()) return std::nullopt;
  }
  return arguments;
}

/// Returns how many kinds never happened.
int print_events(const Events& events) {
  int missing = 0;
  for (std::size_t i = 0; i < outboxd::simulation::kEventKinds; ++i) {
    const auto event = static_cast<Event>(i);
    std::cout << std::setw(10) << events.of(event) << "  " << to_string(event) << "\n";
    if (events.of(event) == 0) ++missing;
  }
  return missing;
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = parse({argv, static_cast<std::size_t>(argc)});
  if (!parsed) {
    std::cerr << kUsage;
    return 2;
  }
  const auto& arguments = *parsed;
  Events events;
  std::uint64_t rows = 0;
  std::uint64_t failed = 0;
  for (auto seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    const auto result = outboxd::simulation::run_scenario(seed, arguments.traced);
    rows += result.rows;
    events.add(result.events);
    if (result.faults.empty()) continue;
    ++failed;
    std::cout << "seed " << seed << " (replay: simulation --seeds 1 --from " << seed << ")\n";
    for (const auto& fault : result.faults) std::cout << "  " << fault << "\n";
  }
  const int missing = print_events(events);
  std::cout << arguments.seeds << " seeds, " << failed << " failed; " << rows << " rows\n";
  const bool asleep = missing > 0 && arguments.seeds >= kEnoughSeeds;
  if (asleep) std::cout << missing << " kinds of events never happened: the simulation is asleep\n";
  return failed == 0 && !asleep ? 0 : 1;
}
