// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace outboxd::config {
namespace {

/// Without the section that most settings are in, so that flags and environment names stay short.
std::string short_path(std::string_view path) {
  constexpr std::string_view kMainSection = "dispatcher.";
  return std::string(path.starts_with(kMainSection) ? path.substr(kMainSection.size()) : path);
}

Option file_sibling(const Option& secret) {
  Option sibling{.path = secret.path + "_file", .help = "Path of a file that holds " + secret.path};
  sibling.file_of = secret.path;
  for (const EnvName& env : secret.shared_env) {
    sibling.shared_env.push_back({env.name + "_FILE", Unit::own, env.readers});
  }
  return sibling;
}

bool may_read(const Reader& reader, Readers readers) {
  if (readers == Readers::all) return true;
  const Profile profile = readers == Readers::coordinator ? Profile::coordinator : Profile::api;
  return reader.profile == profile && !(readers == Readers::api_alone && reader.beside_coordinator);
}

}  // namespace

std::string Option::section() const {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

std::string Option::key() const {
  return path.substr(path.rfind('.') + 1);
}

std::string Option::flag() const {
  if (secret || kind == Kind::streams) return "";
  std::string name = short_path(path);
  for (char& c : name) c = c == '.' || c == '_' ? '-' : c;
  return "--" + name;
}

std::string Option::own_env() const {
  if (kind == Kind::streams) return "";
  std::string name = upper(short_path(path));
  std::replace(name.begin(), name.end(), '.', '_');
  return std::string(kOwnEnvPrefix) + name;
}

std::vector<EnvName> Option::env(const Reader& reader) const {
  std::vector<EnvName> names;
  if (const auto own = own_env(); !own.empty()) names.push_back({own, Unit::own, Readers::all});
  for (const EnvName& shared : shared_env) {
    if (may_read(reader, shared.readers)) names.push_back(shared);
  }
  return names;
}

bool Option::of_connection() const {
  return path.starts_with("postgres.") || path.starts_with("redis.");
}

bool Option::of_dispatcher() const {
  return path == "profile" || path.starts_with("dispatcher.") || of_connection();
}

const std::string& Option::default_text(Profile profile) const {
  return profile == Profile::coordinator ? default_coordinator : default_api;
}

std::string Option::value_name() const {
  // In the order of Kind.
  constexpr std::array kNames{"TEXT", "", "NUMBER", "DURATION", "SIZE", "A,B", "STREAM=N,...", "ROLE=NAME,...", ""};
  if (kind == Kind::choice) return choices;
  if (kind == Kind::names && choices.empty()) return "STREAM=WORD,...";
  return file_of.empty() ? kNames.at(static_cast<std::size_t>(kind)) : "PATH";
}

std::string Option::range() const {
  return max == 0 ? "" : show_number(*this, min) + " to " + show_number(*this, max);
}

const std::vector<Option>& options() {
  static const std::vector<Option> kOptions = [] {
    std::vector<Option> all;
    for (Option& option : option_table()) {
      all.push_back(std::move(option));
      if (all.back().secret) all.push_back(file_sibling(all.back()));
    }
    return all;
  }();
  return kOptions;
}

const Option* find_option(std::string_view path) {
  const auto found = std::ranges::find(options(), path, &Option::path);
  return found == options().end() ? nullptr : &*found;
}

const Option* find_option_by_flag(std::string_view flag) {
  const auto found = std::ranges::find(options(), flag, &Option::flag);
  return flag.empty() || found == options().end() ? nullptr : &*found;
}

std::string show_number(const Option& option, std::int64_t number) {
  if (option.kind == Kind::duration) return show_duration(number);
  return option.kind == Kind::size ? show_size(number) : std::to_string(number);
}

const char* to_string(Profile profile) {
  return profile == Profile::api ? "api" : "coordinator";
}

Profile profile_named(std::string_view word) {
  return word == "api" ? Profile::api : Profile::coordinator;
}

}  // namespace outboxd::config
