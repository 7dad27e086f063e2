// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/file_text.hpp"
#include "config/layers.hpp"
#include "config/mask.hpp"
#include "config/rules.hpp"
#include "config/text.hpp"

#include <set>
#include <utility>

namespace outboxd::config {
namespace {

std::optional<std::string> choose_file(const Sources& sources) {
  if (sources.config_file) return sources.config_file;
  if (const std::string* const named = find_variable(sources.environment, kConfigEnv)) return *named;
  return exists(sources.default_file) ? std::optional(sources.default_file) : std::nullopt;
}

/// The problems of one dispatcher; with several, each problem names its dispatcher.
void check_dispatcher(const Dispatcher& dispatcher, const Needs& needs, Problems& problems) {
  Problems found;
  check_rules(dispatcher.merged, needs, found);
  const auto* const name = value_of<std::string>(dispatcher.merged, "dispatcher.name");
  for (Problem& problem : found) {
    if (dispatcher.entry) {
      if (name != nullptr) problem.text = "dispatcher " + in_quotes(*name) + ": " + problem.text;
      if (problem.where.kind <= Origin::Kind::defaults) problem.where = *dispatcher.entry;
    }
    problems.push_back(std::move(problem));
  }
}

/// Whether both are set, and by the same line, variable or flag.
bool same_origin(const Layer& merged, std::string_view left, std::string_view right) {
  const Entry* const one = find(merged, left);
  const Entry* const other = find(merged, right);
  return one != nullptr && other != nullptr && one->origin == other->origin;
}

Settings settings_of(const Dispatcher& dispatcher) {
  const Layer& merged = dispatcher.merged;
  Settings settings;
  for (const Option& option : options()) {
    const Entry* const entry = find(merged, option.path);
    if (option.store && entry != nullptr && entry->value) option.store(settings, *entry->value);
  }
  if (!dispatcher.redis_socket.empty()) {
    settings.redis.endpoint.host.clear();
    settings.redis.endpoint.unix_path = dispatcher.redis_socket;
  }
  // The table is the default one if neither it nor a layout is set; the URL may name its schema.
  settings.dispatcher.table_by_default =
      find(merged, "dispatcher.table") != nullptr && is_default(merged, "dispatcher.layout") &&
      (is_default(merged, "dispatcher.table") || same_origin(merged, "dispatcher.table", "postgres.url"));
  return settings;
}

Effective effective_of(const Layer& merged, const Option& option) {
  const Entry* const entry = find(merged, option.path);
  if (entry == nullptr) return {option.path, std::nullopt, {}};
  Effective shown{option.path, entry->value, entry->origin};
  const std::string secret = option.secret ? value_or_empty(merged, option.path) : "";
  if (!secret.empty()) shown.value = option.mask == nullptr ? std::string(kMasked) : option.mask(secret);
  // A single word before the '@' of a Redis URL is a user by the rules, but often a password by mistake.
  if (option.path == "redis.username" && same_origin(merged, option.path, "redis.url")) {
    shown.value = std::string(kMasked);
  }
  return shown;
}

/// Every setting in the order in which it is shown.
std::vector<Effective> effective_of(const std::vector<Dispatcher>& dispatchers) {
  std::vector<Effective> all;
  const auto add = [&all](const Dispatcher& from, std::optional<std::size_t> index, const auto& wanted) {
    for (const Option& option : options()) {
      if (!option.file_of.empty() || !wanted(option)) continue;
      all.push_back(effective_of(from.merged, option));
      all.back().dispatcher = index;
    }
  };
  const bool has_entries = dispatchers.front().entry.has_value();
  add(dispatchers.front(), std::nullopt,
      [&](const Option& option) { return !has_entries || !option.of_dispatcher(); });
  for (std::size_t i = 0; has_entries && i < dispatchers.size(); ++i) {
    // In TOML the tables inside of an entry come after its own keys.
    add(dispatchers[i], i, [](const Option& option) { return option.of_dispatcher() && !option.of_connection(); });
    add(dispatchers[i], i, [](const Option& option) { return option.of_connection(); });
  }
  return all;
}

/// Shared settings are merged for each of several dispatchers, so their problems appear for each.
Problems without_repeats(const Problems& problems) {
  Problems result;
  std::set<std::string> seen;
  for (const Problem& problem : problems) {
    if (seen.insert(problem.shown()).second) result.push_back(problem);
  }
  return result;
}

}  // namespace

Loaded load(const Sources& sources, const Needs& needs) {
  Loaded loaded;
  loaded.file = choose_file(sources);
  Findings findings;
  const FileSettings file = loaded.file ? read_settings(*loaded.file, findings.problems) : FileSettings();
  findings.warnings = file.warnings;
  check_own_variables(sources.environment, findings.problems);
  const std::vector<Dispatcher> dispatchers = merge_dispatchers(file, sources, findings);
  check_signing(dispatchers.front().merged, needs, findings);
  for (const Dispatcher& dispatcher : dispatchers) {
    check_dispatcher(dispatcher, needs, findings.problems);
    warn_of_exposed_secrets(dispatcher.merged, findings.warnings);
    loaded.dispatchers.push_back(settings_of(dispatcher));
  }
  loaded.settings = loaded.dispatchers.front();
  loaded.effective = effective_of(dispatchers);
  loaded.problems = without_repeats(findings.problems);
  loaded.warnings = without_repeats(findings.warnings);
  return loaded;
}

}  // namespace outboxd::config
