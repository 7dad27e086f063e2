// SPDX-License-Identifier: Apache-2.0
// What the rows of the option table are written with, for its own files alone.
#pragma once

#include "config/options.hpp"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace outboxd::config {

inline constexpr std::int64_t kSecond = 1'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;

/// The default of both profiles.
struct Default {
  std::string text;
};
/// Defaults that are part of a tuning profile, even where both agree.
struct Tuned {
  std::string api;
  std::string coordinator;
};
struct Within {
  std::int64_t min = 0;
  std::int64_t max = 0;
};
struct Words {
  std::string choices;
  std::string aliases{};
};
struct Secret {
  Mask mask = nullptr;
};
struct Identifies {};

inline void add(Option& option, const Default& part) {
  option.default_api = option.default_coordinator = part.text;
}
inline void add(Option& option, const Tuned& part) {
  option.default_api = part.api;
  option.default_coordinator = part.coordinator;
  option.per_profile = true;
}
inline void add(Option& option, const Within& part) {
  option.min = part.min;
  option.max = part.max;
}
inline void add(Option& option, const Words& part) {
  option.choices = part.choices;
  option.aliases = part.aliases;
}
inline void add(Option& option, const Secret& part) {
  option.secret = true;
  option.mask = part.mask;
}
inline void add(Option& option, const Identifies& /*part*/) {
  option.identifies = true;
}
inline void add(Option& option, const EnvName& part) {
  option.shared_env.push_back(part);
}
inline void add(Option& option, Check part) {
  option.check = part;
}
inline void add(Option& option, const Store& part) {
  option.store = part;
}

/// A row of the table.
template <class... Parts>
Option row(std::string path, Kind kind, std::string help, const Parts&... parts) {
  Option option{.path = std::move(path), .kind = kind, .help = std::move(help)};
  (add(option, parts), ...);
  return option;
}

template <class Section>
Section& section_of(Settings& settings) {
  if constexpr (std::is_same_v<Section, PostgresSettings>) return settings.postgres;
  if constexpr (std::is_same_v<Section, RedisSettings>) return settings.redis;
  if constexpr (std::is_same_v<Section, RedisEndpoint>) return settings.redis.endpoint;
  if constexpr (std::is_same_v<Section, DispatcherSettings>) return settings.dispatcher;
  if constexpr (std::is_same_v<Section, HttpSettings>) return settings.http;
  if constexpr (std::is_same_v<Section, Settings>) return settings;
}

/// Stores the value in a field of its own type.
template <class Section, class Field>
Store to(Field Section::*field) {
  return [field](Settings& settings, const Value& value) {
    auto& place = section_of<Section>(settings).*field;
    if constexpr (std::is_same_v<Field, Millis>) {
      place = Millis(std::get<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<Field>) {
      place = static_cast<Field>(std::get<std::int64_t>(value));
    } else {
      place = std::get<Field>(value);
    }
  };
}

/// Stores whether the value is this word.
template <class Section>
Store to(bool Section::*field, const char* word) {
  return [field, word](Settings& settings, const Value& value) {
    section_of<Section>(settings).*field = std::get<std::string>(value) == word;
  };
}

}  // namespace outboxd::config
