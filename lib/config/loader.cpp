// SPDX-License-Identifier: Apache-2.0
#include "config/loader.hpp"

#include "config/consistency.hpp"
#include "config/dispatchers.hpp"
#include "config/file_text.hpp"
#include "config/layers.hpp"
#include "config/layout.hpp"
#include "config/resolve.hpp"
#include "config/text.hpp"
#include "config/warnings.hpp"

#include <set>
#include <utility>

namespace outboxd::config {
namespace {

std::optional<std::string> choose_file(const Sources& sources) {
  if (sources.config_file) return sources.config_file;
  if (const std::string* const named = find_variable(sources.environment, kConfigEnv)) return *named;
  if (exists(sources.default_file)) return sources.default_file;
  return std::nullopt;
}

/// What is wrong with one dispatcher; of several, each problem says with which.
void check_dispatcher(const Dispatcher& dispatcher, const Needs& needs, Problems& problems) {
  Problems found;
  check_postgres(dispatcher.merged, needs, found);
  check_pacing(dispatcher.merged, found);
  check_streams(dispatcher.merged, found);
  check_layout(dispatcher.merged, found);
  const std::optional<Value>& name = dispatcher.merged.at("dispatcher.name").value;
  for (Problem& problem : found) {
    if (dispatcher.entry && name) {
      problem.text = "dispatcher " + in_quotes(std::get<std::string>(*name)) + ": " + problem.text;
    }
    const bool nowhere = problem.where.kind == Origin::Kind::general || problem.where.kind == Origin::Kind::defaults;
    if (dispatcher.entry && nowhere) problem.where = *dispatcher.entry;
    problems.push_back(std::move(problem));
  }
}

Settings settings_of(const Dispatcher& dispatcher) {
  Settings settings = store(dispatcher.merged);
  if (!dispatcher.redis_socket.empty()) {
    settings.redis.endpoint.host.clear();
    settings.redis.endpoint.unix_path = dispatcher.redis_socket;
  }
  // Without a layout of one's own choice this is the default's.
  const auto& merged = dispatcher.merged;
  const auto table = merged.find("dispatcher.table");
  const auto url = merged.find("postgres.url");
  const auto comes_from = [&](const Origin& origin) {
    return origin.kind == Origin::Kind::defaults || (url != merged.end() && origin == url->second.origin);
  };
  // The URL may say which schema it is in.
  settings.dispatcher.table_by_default = table != merged.end() && comes_from(table->second.origin) &&
                                         merged.at("dispatcher.layout").origin.kind == Origin::Kind::defaults;
  return settings;
}

/// What several dispatchers share is merged for each of them, and wrong for each.
Problems without_repeats(Problems problems) {
  Problems result;
  std::set<std::string> seen;
  for (Problem& problem : problems) {
    if (seen.insert(problem.shown()).second) result.push_back(std::move(problem));
  }
  return result;
}

}  // namespace

Loaded load(const Sources& sources, const Needs& needs) {
  Loaded loaded;
  loaded.file = choose_file(sources);
  Problems problems;
  const FileSettings file = loaded.file ? read_settings(*loaded.file, problems) : FileSettings();
  Problems flag_problems;
  Layer flags = flag_layer(sources.flags, flag_problems);
  check_own_variables(sources.environment, problems);
  problems.insert(problems.end(), flag_problems.begin(), flag_problems.end());
  Problems warnings = file.warnings;
  const std::vector<Dispatcher> dispatchers =
      merge_dispatchers(file, sources.environment, std::move(flags), sources.libpq, problems, warnings);

  check_signing(dispatchers.front().merged, needs, problems);
  warn_of_unsigned(dispatchers.front().merged, needs, warnings);
  for (const Dispatcher& dispatcher : dispatchers) {
    check_dispatcher(dispatcher, needs, problems);
    const Problems found = warnings_of(dispatcher.merged);
    warnings.insert(warnings.end(), found.begin(), found.end());
    loaded.dispatchers.push_back(settings_of(dispatcher));
  }
  loaded.settings = loaded.dispatchers.front();
  loaded.effective = effective_of(dispatchers);
  loaded.problems = without_repeats(std::move(problems));
  loaded.warnings = without_repeats(std::move(warnings));
  return loaded;
}

}  // namespace outboxd::config
