// SPDX-License-Identifier: Apache-2.0
#include "bench/options.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace outboxd::bench {
namespace {

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

int positive(const std::string& option, const std::string& text) {
  std::size_t read = 0;
  int value = 0;
  try {
    value = std::stoi(text, &read);
  } catch (const std::exception&) {
    read = 0;
  }
  if (read == 0 || read != text.size() || value <= 0) {
    throw std::invalid_argument(option + " " + text + ": needs a whole number above 0");
  }
  return value;
}

void make_quick(Options& options) {
  options.rows = 1'000;
  options.batches = {500};
  options.rounds = 1;
  options.window = std::chrono::milliseconds{500};
  options.longest_run = std::chrono::seconds{30};
}

}  // namespace

std::string Options::seconds() const {
  std::ostringstream text;
  text << std::chrono::duration<double>(window).count();
  return text.str();
}

bool Options::wants(const std::string& section) const {
  return only.empty() || std::ranges::find(only, section) != only.end();
}

Options parse_options(std::span<char*> words) {
  Options options;
  // --quick first, at any place, as the other options change its values.
  for (const std::string word : words) {
    if (word == "--quick") make_quick(options);
  }
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string word = words[i];
    const auto value = [&] {
      if (i + 1 >= words.size()) throw std::invalid_argument(word + " needs a value");
      return std::string(words[++i]);
    };
    if (word == "--quick") {
      continue;
    } else if (word == "--rows") {
      options.rows = positive(word, value());
    } else if (word == "--batch") {
      options.batches.clear();
      for (const auto& one : listed(value())) options.batches.push_back(positive(word, one));
    } else if (word == "--repeats") {
      options.rounds = positive(word, value());
    } else if (word == "--seconds") {
      options.window = std::chrono::seconds{positive(word, value())};
    } else if (word == "--longest") {
      options.longest_run = std::chrono::seconds{positive(word, value())};
    } else if (word == "--only") {
      options.only = listed(value());
    } else if (word == "--sockets") {
      options.sockets = true;
    } else if (word == "--json") {
      options.json_file = value();
    } else if (word == "--profile-cpu") {
      options.profile_file = value();
    } else if (word == "--list") {
      options.list = true;
    } else if (word == "-h" || word == "--help") {
      options.help = true;
    } else {
      throw std::invalid_argument("unknown argument " + word + " (see --help)");
    }
  }
  return options;
}

const char* usage() {
  return "bench [--rows N] [--batch N,…] [--repeats N] [--seconds N] [--longest SECONDS] [--only SECTION,…] "
         "[--list]\n"
         "      [--sockets] [--json FILE] [--profile-cpu FILE] [--quick]\n"
         "Measures outboxd against floors taken in the same run, on servers of its own; prints Markdown.\n"
         "See tests/bench/README.md.\n";
}

}  // namespace outboxd::bench
