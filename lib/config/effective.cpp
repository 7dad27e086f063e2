// SPDX-License-Identifier: Apache-2.0
#include "config/effective.hpp"

#include "config/mask.hpp"
#include "config/options.hpp"

#include <utility>

namespace outboxd::config {
namespace {

std::optional<Value> shown_value(const Option& option, const Entry& entry) {
  if (!option.secret || !entry.value) return entry.value;
  const auto& secret = std::get<std::string>(*entry.value);
  if (secret.empty()) return entry.value;
  return option.mask != nullptr ? option.mask(secret) : std::string(kMasked);
}

/// A lone word before the '@' of a Redis URL is a user by the rules, and by mistake often a password.
bool is_user_of_url(const Layer& merged, const std::string& path) {
  if (path != "redis.username") return false;
  const auto url = merged.find("redis.url");
  return url != merged.end() && url->second.origin == merged.find(path)->second.origin;
}

Effective effective(const Layer& merged, const Option& option) {
  const auto found = merged.find(option.path);
  if (found == merged.end()) return {option.path, std::nullopt, {}};
  if (is_user_of_url(merged, option.path)) return {option.path, std::string(kMasked), found->second.origin};
  return {option.path, shown_value(option, found->second), found->second.origin};
}

/// Those settings that `wanted` picks.
template <class Wanted>
void add(const Dispatcher& dispatcher, std::optional<std::size_t> index, std::vector<Effective>& all,
         const Wanted& wanted) {
  for (const Option& option : options()) {
    if (!option.file_of.empty() || !wanted(option)) continue;
    Effective item = effective(dispatcher.merged, option);
    item.dispatcher = index;
    all.push_back(std::move(item));
  }
}

bool is_connection(const Option& option) {
  return option.of_dispatcher() && option.path != "profile" && option.section() != "dispatcher";
}

}  // namespace

std::vector<Effective> effective_of(const std::vector<Dispatcher>& dispatchers) {
  std::vector<Effective> all;
  if (!dispatchers.front().entry) {
    add(dispatchers.front(), std::nullopt, all, [](const Option&) { return true; });
    return all;
  }
  add(dispatchers.front(), std::nullopt, all, [](const Option& option) { return !option.of_dispatcher(); });
  for (std::size_t i = 0; i < dispatchers.size(); ++i) {
    // In TOML the tables inside of an entry come after its own keys.
    add(dispatchers[i], i, all,
        [](const Option& option) { return option.of_dispatcher() && !is_connection(option); });
    add(dispatchers[i], i, all, is_connection);
  }
  return all;
}

}  // namespace outboxd::config
