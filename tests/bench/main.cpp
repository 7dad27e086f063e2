// SPDX-License-Identifier: Apache-2.0
// Measures outboxd against floors taken in the same run, on servers of its own. See README.md.
#include "bench/facts.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/sections.hpp"
#include "bench/world.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace {

using namespace outboxd::bench;

void check_names(const Options& options) {
  for (const auto& name : options.only) {
    if (std::ranges::none_of(all_sections(), [&name](const auto& section) { return section.name == name; })) {
      throw std::invalid_argument("--only " + name + ": no such section (see --list)");
    }
  }
}

/// Returns the exit status: 1 if a section could not be measured.
int run(const Options& options) {
  std::ofstream json_file;
  if (!options.json_file.empty()) {
    json_file.open(options.json_file);
    if (!json_file) throw std::runtime_error(options.json_file + " can't be written");
  }
  World world{options.sockets};
  if (!options.profile_file.empty()) {
    profile(world, options);
    return 0;
  }
  const auto facts = facts_about(world, options);
  std::cout << markdown(facts) << std::flush;
  std::vector<Section> sections;
  int status = 0;
  for (const auto& section : all_sections()) {
    if (!options.wants(section.name)) continue;
    try {
      sections.push_back(section.run(world, options));
      std::cout << markdown(sections.back()) << std::flush;
    } catch (const std::exception& error) {
      // The other sections go on: their results are valid.
      std::cerr << "bench: section " << section.name << ": " << error.what() << '\n';
      status = 1;
    }
  }
  if (json_file.is_open()) json_file << json(facts, sections) << std::flush;
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::signal(SIGPIPE, SIG_IGN);
    const auto options = parse_options({argv, static_cast<std::size_t>(argc)});
    check_names(options);
    if (options.help) {
      std::cout << usage();
    } else if (options.list) {
      for (const auto& section : all_sections()) std::cout << section.name << '\n';
    } else {
      return run(options);
    }
    return 0;
  } catch (const std::invalid_argument& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 1;
  }
}
