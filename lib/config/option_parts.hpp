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

// The parts of a row; what has no struct here is put as it is.

/// The default of both profiles.
struct Default {
  std::string text;
  void put(Option& option) const { option.default_api = option.default_coordinator = text; }
};

/// Defaults that are part of a tuning profile, even where both agree.
struct Tuned {
  std::string api;
  std::string coordinator;
  void put(Option& option) const {
    option.default_api = api;
    option.default_coordinator = coordinator;
    option.per_profile = true;
  }
};

struct Within {
  std::int64_t min = 0;
  std::int64_t max = 0;
  void put(Option& option) const {
    option.min = min;
    option.max = max;
  }
};

struct Words {
  std::string choices;
  std::string aliases{};
  void put(Option& option) const {
    option.choices = choices;
    option.aliases = aliases;
  }
};

struct Secret {
  Mask mask = nullptr;
  void put(Option& option) const {
    option.secret = true;
    option.mask = mask;
  }
};

/// What other programs call it, with blanks between.
struct Also {
  std::string names;
  void put(Option& option) const { option.also = names; }
};

struct Identifies {
  static void put(Option& option) { option.identifies = true; }
};

template <class Part>
void put(const Part& part, Option& option) {
  if constexpr (std::is_same_v<Part, EnvName>) {
    option.shared_env.push_back(part);
  } else if constexpr (std::is_same_v<Part, Check>) {
    option.check = part;
  } else if constexpr (std::is_same_v<Part, Store>) {
    option.store = part;
  } else {
    part.put(option);
  }
}

/// A row of the table.
template <class... Parts>
Option row(std::string path, Kind kind, std::string help, const Parts&... parts) {
  Option option{.path = std::move(path), .kind = kind, .help = std::move(help)};
  (put(parts, option), ...);
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
