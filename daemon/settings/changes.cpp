// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/changes.hpp"

#include "postgres/conninfo.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace outboxd::daemon {
namespace {

/// Settings that are compared by their values in Settings: secrets, and settings that can be taken over.
constexpr std::array<std::string_view, 18> kComparedByValue{
    "postgres.url",
    "redis.url",
    "redis.username",
    "redis.password",
    "redis.host",
    "redis.port",
    "redis.database",
    "signing.key",
    "signing.strict",
    "http.bearer",
    "dispatcher.maxlen",
    "dispatcher.trim",
    "dispatcher.stream_maxlen",
    "dispatcher.stream_trim",
    "log.level",
    "log.format",
    "topology",
    "streams",
};

bool is_same_server(const config::RedisEndpoint& one, const config::RedisEndpoint& other) {
  return one.host == other.host && one.port == other.port && one.unix_path == other.unix_path &&
         one.database == other.database;
}

/// Compares one dispatcher's settings, and takes over those that can be.
class DispatcherChanges {
 public:
  DispatcherChanges(config::Settings& running, const config::Settings& now, Changes& changes)
      : running_{running}, now_{now}, changes_{changes} {}

  void logins() {
    auto& url = running_.postgres.url;
    if (url != now_.postgres.url) {
      if (postgres::differ_in_login_alone(url, now_.postgres.url)) {
        url = now_.postgres.url;
        taken("postgres.url (the login)");
      } else {
        needs_restart("postgres.url (it leads elsewhere)");
      }
    }
    auto& endpoint = running_.redis.endpoint;
    const auto& other = now_.redis.endpoint;
    if (!is_same_server(endpoint, other)) {
      needs_restart("the address of Redis");
    } else if (endpoint.username != other.username || endpoint.password != other.password) {
      endpoint = other;
      taken("the login of Redis");
    }
  }

  void bounds() {
    auto& dispatcher = running_.dispatcher;
    const auto& other = now_.dispatcher;
    take("dispatcher.maxlen", dispatcher.maxlen, other.maxlen);
    take("dispatcher.stream_maxlen", dispatcher.stream_maxlen, other.stream_maxlen);
    take("dispatcher.trim", dispatcher.exact_trim, other.exact_trim);
    take("dispatcher.stream_trim", dispatcher.stream_exact_trim, other.stream_exact_trim);
  }

 private:
  [[nodiscard]] std::string named(std::string_view what) const {
    return std::string{what} + " of dispatcher " + running_.dispatcher.name;
  }
  void taken(std::string_view what) { changes_.taken_over.push_back(named(what)); }
  void needs_restart(std::string_view what) { changes_.need_restart.push_back(named(what)); }
  template <class T>
  void take(std::string_view what, T& value, const T& other) {
    if (value == other) return;
    value = other;
    taken(what);
  }

  config::Settings& running_;
  const config::Settings& now_;
  Changes& changes_;
};

/// Compares the settings that hold for the whole process, although each dispatcher's settings have a copy.
class ProcessChanges {
 public:
  ProcessChanges(config::Loaded& running, const config::Loaded& now, Changes& changes)
      : running_{running}, now_{now.settings}, changes_{changes} {}

  void run() {
    // A secret that is no longer set may be a mistake, and would leave entries unsigned or the metrics open: such a
    // change takes a restart.
    take_secret(
        "signing.key", [](auto& settings) -> auto& { return settings.signing_key; });
    take(
        "signing.strict", [](auto& settings) -> auto& { return settings.strict_signatures; });
    take_secret(
        "http.bearer", [](auto& settings) -> auto& { return settings.http.bearer; });
    take(
        "topology", [](auto& settings) -> auto& { return settings.topology; });
    take(
        "streams", [](auto& settings) -> auto& { return settings.streams; });
    take(
        "log.level", [](auto& settings) -> auto& { return settings.log_level; });
    take(
        "log.format", [](auto& settings) -> auto& { return settings.log_json; });
  }

 private:
  template <class Field>
  void take(const std::string& what, Field field) {
    if (field(running_.settings) == field(now_)) return;
    field(running_.settings) = field(now_);
    for (auto& settings : running_.dispatchers) field(settings) = field(now_);
    changes_.taken_over.push_back(what);
  }
  template <class Field>
  void take_secret(const std::string& what, Field field) {
    if (!field(now_).empty()) {
      take(what, field);
    } else if (!field(running_.settings).empty()) {
      changes_.need_restart.push_back(what + " (it is no longer set)");
    }
  }

  config::Loaded& running_;
  const config::Settings& now_;
  Changes& changes_;
};

std::string names_of(const std::vector<config::Settings>& dispatchers) {
  std::string text;
  for (const auto& settings : dispatchers) text.append(text.empty() ? "" : ", ").append(settings.dispatcher.name);
  return text;
}

using Place = std::pair<std::optional<std::size_t>, std::string>;

std::map<Place, std::pair<std::optional<config::Value>, config::Origin>> shown_values(const config::Loaded& loaded) {
  std::map<Place, std::pair<std::optional<config::Value>, config::Origin>> values;
  for (const auto& item : loaded.effective) values[{item.dispatcher, item.path}] = {item.value, item.origin};
  return values;
}

/// Compares all other settings; these take a restart.
void compare_the_rest(const config::Loaded& running, const config::Loaded& now, Changes& changes) {
  const auto before = shown_values(running);
  for (const auto& [place, value] : shown_values(now)) {
    const auto& path = place.second;
    if (std::ranges::find(kComparedByValue, path) != kComparedByValue.end()) continue;
    const auto known = before.find(place);
    if (known != before.end() && known->second.first == value.first) continue;
    auto& what = changes.need_restart.emplace_back(path);
    if (const auto origin = value.second.shown(); !origin.empty()) what.append(" (").append(origin).append(")");
  }
}

}  // namespace

Changes take_over(config::Loaded& running, const config::Loaded& now, ReloadScope wanted) {
  Changes changes;
  const bool all = wanted == ReloadScope::all;
  const auto names = names_of(running.dispatchers);
  const auto names_now = names_of(now.dispatchers);
  for (auto& settings : running.dispatchers) {
    const auto same = std::ranges::find_if(now.dispatchers, [&settings](const config::Settings& other) {
      return other.dispatcher.name == settings.dispatcher.name;
    });
    if (same == now.dispatchers.end()) continue;
    DispatcherChanges of_dispatcher{settings, *same, changes};
    of_dispatcher.logins();
    if (all) of_dispatcher.bounds();
  }
  if (!all) return changes;
  ProcessChanges{running, now, changes}.run();
  if (names != names_now) {
    changes.need_restart.push_back("the dispatchers (" + names_now + " instead of " + names + ")");
  } else {
    compare_the_rest(running, now, changes);
  }
  return changes;
}

}  // namespace outboxd::daemon
