// SPDX-License-Identifier: Apache-2.0
// The building blocks of the option table's rows, for the table's own files alone.
#pragma once

#include "config/options.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

namespace outboxd::config {

inline constexpr std::int64_t kSecond = 1'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;
/// The largest bound of a stream.
inline constexpr std::int64_t kLongestStream = 1'000'000'000'000;

/// One property that a row gives to its option.
using Part = std::function<void(Option&)>;

inline Option row(std::string path, Kind kind, std::string help, std::initializer_list<Part> parts) {
  Option option{.path = std::move(path), .kind = kind, .help = std::move(help)};
  for (const Part& part : parts) part(option);
  return option;
}

/// The same default in both profiles.
inline Part by_default(std::string text) {
  return [text = std::move(text)](Option& option) { option.default_api = option.default_coordinator = text; };
}

/// Defaults that are part of a tuning profile, even where both profiles agree.
inline Part tuned(std::string api, std::string coordinator) {
  return [api = std::move(api), coordinator = std::move(coordinator)](Option& option) {
    option.default_api = api;
    option.default_coordinator = coordinator;
    option.per_profile = true;
  };
}

inline Part within(std::int64_t min, std::int64_t max) {
  return [min, max](Option& option) {
    option.min = min;
    option.max = max;
  };
}

inline Part words(const char* choices, const char* aliases = "") {
  return [choices, aliases](Option& option) {
    option.choices = choices;
    option.aliases = aliases;
  };
}

inline Part env(const char* name, Unit unit = Unit::own, Readers readers = Readers::all) {
  return [=](Option& option) { option.shared_env.push_back({name, unit, readers}); };
}

inline Part secret(Mask mask = nullptr) {
  return [mask](Option& option) {
    option.secret = true;
    option.mask = mask;
  };
}

inline Part identifies() {
  return [](Option& option) { option.identifies = true; };
}

/// A check of the value's own type.
template <class T>
Part checked_by(std::string (*check)(const T&)) {
  return
      [check](Option& option) { option.check = [check](const Value& value) { return check(std::get<T>(value)); }; };
}

/// A text that is read further.
template <class T>
Part checked_by(Checked<T> (*read)(std::string_view)) {
  return [read](Option& option) {
    option.check = [read](const Value& value) { return read(std::get<std::string>(value)).problem; };
  };
}

/// The setting's names in other programs, with blanks between.
inline Part also(const char* names) {
  return [names](Option& option) { option.also = names; };
}

inline Part to(Store store) {
  return [store = std::move(store)](Option& option) { option.store = store; };
}

template <class Section>
Section& section_of(Settings& settings) {
  if constexpr (std::is_same_v<Section, PostgresSettings>) return settings.postgres;
  if constexpr (std::is_same_v<Section, RedisSettings>) return settings.redis;
  if constexpr (std::is_same_v<Section, RedisEndpoint>) return settings.redis.endpoint;
  if constexpr (std::is_same_v<Section, DispatcherSettings>) return settings.dispatcher;
  if constexpr (std::is_same_v<Section, HttpSettings>) return settings.http;
  if constexpr (std::is_same_v<Section, MetricsSettings>) return settings.metrics;
  if constexpr (std::is_same_v<Section, Settings>) return settings;
}

/// Stores the value in a field of the same type.
template <class Section, class Field>
Part to(Field Section::*field) {
  return to([field](Settings& settings, const Value& value) {
    auto& place = section_of<Section>(settings).*field;
    if constexpr (std::is_same_v<Field, Millis>) {
      place = Millis(std::get<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<Field>) {
      place = static_cast<Field>(std::get<std::int64_t>(value));
    } else {
      place = std::get<Field>(value);
    }
  });
}

/// Stores the meaning of a word.
template <class Section, class Field>
Part to(Field Section::*field, std::map<std::string, Field> meanings) {
  return to([field, meanings = std::move(meanings)](Settings& settings, const Value& value) {
    section_of<Section>(settings).*field = meanings.at(std::get<std::string>(value));
  });
}

/// Stores whether the value is this word.
template <class Section>
Part to(bool Section::*field, const char* word) {
  return to([field, word](Settings& settings, const Value& value) {
    section_of<Section>(settings).*field = std::get<std::string>(value) == word;
  });
}

}  // namespace outboxd::config
