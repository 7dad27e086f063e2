// SPDX-License-Identifier: Apache-2.0
#include "config/settle_postgres.hpp"

#include "config/options.hpp"
#include "config/table_name.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace outboxd::config {
namespace {

bool is_default(const Layer& merged, const char* path) {
  const auto found = merged.find(path);
  return found == merged.end() || found->second.origin.kind <= Origin::Kind::profile;
}

void put_statement_timeout(std::int64_t millis, const Origin& from, Layer& merged, Problems& warnings) {
  constexpr const char* kPath = "postgres.statement_timeout";
  if (!is_default(merged, kPath)) return;
  const Option& option = *find_option(kPath);
  // Zero is for no limit, which is more than any.
  const auto wanted = millis == 0 ? option.max : std::clamp(millis, option.min, option.max);
  if (wanted != millis) {
    warnings.push_back({from, "postgres.url: the parameter statement_timeout is taken for " +
                                  show_number(option, wanted) + ", as postgres.statement_timeout is from " +
                                  option.range()});
  }
  merged[kPath] = {wanted, from};
}

void put_schema(const std::string& schema, const Origin& from, Layer& merged) {
  const auto table = merged.find("dispatcher.table");
  if (table == merged.end() || !table->second.value) return;
  const auto name = std::get<std::string>(*table->second.value);
  const auto parts = table_name_parts(name);
  if (!parts || parts->size() != 1) return;
  table->second.value = '"' + schema + "\"." + name;
  // A table that was chosen by its name stays chosen.
  if (table->second.origin.kind == Origin::Kind::defaults) table->second.origin = from;
}

}  // namespace

void settle_postgres(Layer& merged, const Libpq& libpq, Problems& problems, Problems& warnings) {
  const auto given = merged.find("postgres.url");
  if (given == merged.end() || !given->second.value) return;
  const Origin from = given->second.origin;
  PostgresUrl url = read_postgres_url(std::get<std::string>(*given->second.value)).value.value();
  if (const std::string reason = refused_by(libpq, url); !reason.empty()) {
    problems.push_back({from, "postgres.url: " + reason});
    given->second.value.reset();
    return;
  }
  if (libpq.doubts) {
    for (std::string& doubt : libpq.doubts(url.text)) url.warnings.push_back(std::move(doubt));
  }
  for (const std::string& warning : url.warnings) warnings.push_back({from, "postgres.url: " + warning});
  given->second.value = std::move(url.text);
  if (url.statement_timeout) put_statement_timeout(*url.statement_timeout, from, merged, warnings);
  if (url.transaction_pooler && is_default(merged, "postgres.pooler")) {
    merged["postgres.pooler"] = {std::string("transaction"), from};
  }
  if (!url.schema.empty()) put_schema(url.schema, from, merged);
}

}  // namespace outboxd::config
