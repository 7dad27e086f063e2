// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_url.hpp"

#include "config/conninfo.hpp"
#include "config/nearest.hpp"
#include "config/postgres_dialects.hpp"
#include "config/postgres_pairs.hpp"
#include "config/postgres_values.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboxd::config {
namespace {

/// Of libpq 16 and later.
constexpr std::array<std::string_view, 9> kOfNewerLibpq = {
    "require_auth",  "sslcertmode",          "load_balance_hosts",   "gssdelegation", "sslnegotiation",
    "sslkeylogfile", "min_protocol_version", "max_protocol_version", "servicefile"};

std::string written_out(const KeywordValues& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text.append(text.empty() ? "" : " ").append(key).append("=").append(conninfo_value(value));
  }
  return text.empty() ? "postgresql://" : text;
}

}  // namespace

Checked<PostgresUrl> read_postgres_url(std::string_view text) {
  Checked<PostgresPairs> read = read_postgres_pairs(text);
  if (!read.value) return {.problem = std::move(read.problem)};
  Translated translated = translate_postgres(read.value->pairs);
  if (translated.problem.empty()) translated.problem = impossible_value(translated.pairs);
  if (!translated.problem.empty()) return {.problem = std::move(translated.problem)};
  const bool as_it_is = read.value->as_libpq && !translated.changed;
  std::string for_libpq = as_it_is ? std::string(text) : written_out(translated.pairs);
  std::vector<std::string> names;
  for (const auto& pair : translated.pairs) names.push_back(pair.first);
  return {.value = PostgresUrl{.text = std::move(for_libpq),
                               .parameters = std::move(names),
                               .warnings = std::move(translated.warnings),
                               .statement_timeout = translated.statement_timeout,
                               .transaction_pooler = translated.transaction_pooler,
                               .schema = std::move(translated.schema)}};
}

std::string refused_by(const Libpq& libpq, const PostgresUrl& url) {
  const auto& known = libpq.parameters;
  for (const std::string& name : url.parameters) {
    if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (std::find(kOfNewerLibpq.begin(), kOfNewerLibpq.end(), name) != kOfNewerLibpq.end()) {
      return "has the parameter " + name + ", which takes a newer libpq than this one: take it out";
    }
    const std::string near = nearest_word(lower(name), known);
    return "has the parameter " + name + ", which means nothing to libpq or here" +
           (near.empty() ? ": take it out" : did_you_mean(near));
  }
  return libpq.refusal ? libpq.refusal(url.text) : "";
}

std::string check_postgres_url(const Value& value) {
  return read_postgres_url(std::get<std::string>(value)).problem;
}

}  // namespace outboxd::config
