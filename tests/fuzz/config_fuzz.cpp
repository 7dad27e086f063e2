// SPDX-License-Identifier: Apache-2.0
// The configuration loader: the input is a file, an environment and flags (config_input.hpp).
#include "config/layers.hpp"
#include "config/render.hpp"
#include "fuzz/config_input.hpp"
#include "fuzz/config_round_trip.hpp"
#include "fuzz/json_model.hpp"
#include "fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace outboxd::fuzz {
namespace {

constexpr config::Needs kNeeds{.postgres = false};

void check_no_secret(const std::string& text) {
  require(text.find(kSecretPiece) == std::string::npos, "no text shows a secret", text);
}

void check_problems(const config::Problems& problems) {
  const auto text = config::render_problems(problems);
  check_no_secret(text);
  require(std::count(text.begin(), text.end(), '\n') == static_cast<std::ptrdiff_t>(problems.size()),
          "problems are one a line", text);
  for (const auto& problem : problems) require(!problem.text.empty(), "a problem says what is wrong");
}

void check_shown(const config::Loaded& loaded) {
  const auto toml = config::render_show(loaded);
  const auto json = config::render_show_json(loaded);
  check_no_secret(toml);
  check_no_secret(json);
  require(model_of_object("{\"\":" + json + "}").has_value(), "config show --json prints JSON", json);
  if (loaded.problems.empty()) return;  // check_round_trip() checks this case
  static const MemoryFile file{"shown"};
  file.write(toml);
  config::Problems problems;
  config::read_settings(file.path(), problems);
  const auto text = config::render_problems(problems);
  require(text.find("not valid TOML") == std::string::npos, "config show prints TOML", text + toml);
}

void check(std::string_view text) {
  static const MemoryFile file{"config"};
  static const MemoryFile secret{"secret"};
  static const bool planted = (secret.write(std::string{kSecret} + "\n"), true);
  require(planted, "the secret's file is there");
  auto [toml, sources] = read_input(text, secret.path());
  file.write(toml);
  sources.config_file = file.path();
  const auto loaded = config::load(sources, kNeeds);
  check_problems(loaded.problems);
  check_shown(loaded);
  if (!loaded.problems.empty()) return;
  check_no_secret(loaded.settings.redis.endpoint.shown());
  check_round_trip(loaded, file);
}

}  // namespace
}  // namespace outboxd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (outboxd::fuzz::spells_the_secret(text)) return 0;
  try {
    outboxd::fuzz::check(text);
  } catch (const std::exception& error) {
    outboxd::fuzz::require(false, "the loader never throws", error.what());
  }
  return 0;
}
