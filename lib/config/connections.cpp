// SPDX-License-Identifier: Apache-2.0
// Applies the URLs of Postgres and Redis to other settings.
#include "config/checks.hpp"
#include "config/layers.hpp"
#include "config/postgres_url.hpp"
#include "config/redis_url.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace outboxd::config {
namespace {

void put_statement_timeout(std::int64_t millis, const Origin& from, Layer& merged, Problems& warnings) {
  constexpr const char* kPath = "postgres.statement_timeout";
  if (!is_default(merged, kPath)) return;
  const Option& option = *find_option(kPath);
  // Zero means no limit, which is more than any.
  const auto wanted = millis == 0 ? option.max : std::clamp(millis, option.min, option.max);
  if (wanted != millis) {
    warnings.push_back({from, "postgres.url: the parameter statement_timeout is taken for " +
                                  show_number(option, wanted) + ", as postgres.statement_timeout is from " +
                                  option.range()});
  }
  merged[kPath] = {wanted, from};
}

void put_schema(const std::string& schema, const Origin& from, Layer& merged) {
  const auto name = value_or_empty(merged, "dispatcher.table");
  const auto parts = table_name_parts(name);
  if (!parts || parts->size() != 1) return;
  Entry& table = merged.at("dispatcher.table");
  table.value = '"' + schema + "\"." + name;
  // A table that was set by its name keeps its origin, and so counts as chosen (settings_of() in loader.cpp).
  if (table.origin.kind == Origin::Kind::defaults) table.origin = from;
}

}  // namespace

void resolve_postgres(Layer& merged, const Libpq& libpq, Findings& findings) {
  const auto* const text = value_of<std::string>(merged, "postgres.url");
  if (text == nullptr) return;
  Entry& entry = merged.at("postgres.url");
  PostgresUrl url = read_postgres_url(*text).value.value();
  if (const std::string reason = refused_by(libpq, url); !reason.empty()) {
    findings.problems.push_back({entry.origin, "postgres.url: " + reason});
    entry.value.reset();
    return;
  }
  if (libpq.doubts) std::ranges::move(libpq.doubts(url.text), std::back_inserter(url.warnings));
  for (const std::string& warning : url.warnings) {
    findings.warnings.push_back({entry.origin, "postgres.url: " + warning});
  }
  entry.value = std::move(url.text);
  if (url.statement_timeout) put_statement_timeout(*url.statement_timeout, entry.origin, merged, findings.warnings);
  if (url.transaction_pooler && is_default(merged, "postgres.pooler")) {
    merged["postgres.pooler"] = {"transaction", entry.origin};
  }
  if (!url.schema.empty()) put_schema(url.schema, entry.origin, merged);
}

std::string resolve_redis(Layer& merged, Problems& warnings) {
  const auto* const text = value_of<std::string>(merged, "redis.url");
  if (text == nullptr) return "";
  const Origin from = merged.at("redis.url").origin;
  const RedisUrl url = parse_redis_url(*text).value.value();
  for (const std::string& warning : url.warnings) warnings.push_back({from, "redis.url: " + warning});
  const auto overruled = [&](const char* path) {
    const Entry* const part = find(merged, path);
    return part != nullptr && outranks(part->origin, from);
  };
  const auto put = [&](const char* path, std::optional<Value> value) {
    if (value && !overruled(path)) merged[path] = {std::move(value), from};
  };
  put("redis.username", url.username);
  put("redis.password", url.password);
  put("redis.database", url.database);
  if (overruled("redis.host")) return "";
  if (url.unix_path.empty()) {
    put("redis.host", url.host);
    put("redis.port", url.port);
  } else {
    merged.erase("redis.host");
    merged.erase("redis.port");
  }
  return url.unix_path;
}

}  // namespace outboxd::config
