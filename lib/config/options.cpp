// SPDX-License-Identifier: Apache-2.0
#include "config/options.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {
namespace {

/// Without the section that most settings are in, so that flags and environment names stay short.
std::string short_path(std::string_view path) {
  constexpr std::string_view kMainSection = "dispatcher.";
  if (path.substr(0, kMainSection.size()) == kMainSection) path.remove_prefix(kMainSection.size());
  return std::string(path);
}

Option file_sibling(const Option& secret) {
  Option sibling{.path = secret.path + "_file", .help = "Path of a file that holds " + secret.path};
  sibling.file_of = secret.path;
  for (const EnvName& env : secret.shared_env)
    sibling.shared_env.push_back({env.name + "_FILE", Unit::own, env.readers});
  return sibling;
}

bool may_read(const Reader& reader, Readers readers) {
  switch (readers) {
    case Readers::all:
      return true;
    case Readers::api:
      return reader.profile == Profile::api;
    case Readers::api_alone:
      return reader.profile == Profile::api && !reader.beside_coordinator;
    case Readers::coordinator:
      return reader.profile == Profile::coordinator;
  }
  return false;
}

}  // namespace

std::string Option::section() const {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

std::string Option::key() const {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

std::string Option::flag() const {
  if (secret) return "";
  std::string name = short_path(path);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return "--" + name;
}

std::string Option::own_env() const {
  std::string name = upper(short_path(path));
  std::replace(name.begin(), name.end(), '.', '_');
  return std::string(kOwnEnvPrefix) + name;
}

std::vector<EnvName> Option::env(const Reader& reader) const {
  std::vector<EnvName> names = {{own_env(), Unit::own, Readers::all}};
  for (const EnvName& shared : shared_env) {
    if (may_read(reader, shared.readers)) names.push_back(shared);
  }
  return names;
}

bool Option::of_dispatcher() const {
  const std::string of = section();
  return path == "profile" || of == "dispatcher" || of == "postgres" || of == "redis";
}

const std::string& Option::default_text(Profile profile) const {
  return per_profile && profile == Profile::coordinator ? default_coordinator : default_api;
}

std::string Option::value_name() const {
  if (!file_of.empty()) return "PATH";
  switch (kind) {
    case Kind::text:
      return "TEXT";
    case Kind::choice:
      return choices;
    case Kind::integer:
      return "NUMBER";
    case Kind::duration:
      return "DURATION";
    case Kind::size:
      return "SIZE";
    case Kind::list:
      return "A,B";
    case Kind::limits:
      return "STREAM=N,...";
    case Kind::names:
      return choices.empty() ? "STREAM=WORD,..." : "ROLE=NAME,...";
  }
  return "";
}

std::string Option::range() const {
  if (max == 0) return "";
  return show_number(*this, min) + " to " + show_number(*this, max);
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
  for (const Option& option : options()) {
    if (option.path == path) return &option;
  }
  return nullptr;
}

const Option* find_option_by_flag(std::string_view flag) {
  for (const Option& option : options()) {
    if (!flag.empty() && option.flag() == flag) return &option;
  }
  return nullptr;
}

std::string show_number(const Option& option, std::int64_t number) {
  if (option.kind == Kind::duration) return show_duration(number);
  if (option.kind == Kind::size) return show_size(number);
  return std::to_string(number);
}

const char* to_string(Profile profile) {
  return profile == Profile::api ? "api" : "coordinator";
}

}  // namespace outboxd::config
