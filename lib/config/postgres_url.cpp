// SPDX-License-Identifier: Apache-2.0
#include "config/postgres_url.hpp"

#include "config/nearest.hpp"
#include "config/postgres_parts.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::config {
namespace {

/// Of libpq 16 and later.
constexpr std::string_view kOfNewerLibpq =
    "require_auth sslcertmode load_balance_hosts gssdelegation sslnegotiation sslkeylogfile min_protocol_version "
    "max_protocol_version servicefile";

}  // namespace

Checked<PostgresUrl> read_postgres_url(std::string_view text) {
  Checked<PostgresPairs> read = read_postgres_pairs(text);
  if (!read.value) return {.problem = std::move(read.problem)};
  Translated translated = translate_postgres(read.value->pairs);
  if (translated.problem.empty()) translated.problem = impossible_value(translated.pairs);
  if (!translated.problem.empty()) return {.problem = std::move(translated.problem)};
  PostgresUrl url = std::move(translated.asked);
  const bool as_it_is = read.value->as_libpq && !translated.changed;
  url.text = as_it_is ? std::string(text) : write_conninfo(translated.pairs);
  for (const auto& pair : translated.pairs) url.parameters.push_back(pair.first);
  return {.value = std::move(url)};
}

std::string refused_by(const Libpq& libpq, const PostgresUrl& url) {
  const auto& known = libpq.parameters;
  for (const std::string& name : url.parameters) {
    if (known.empty() || std::ranges::find(known, name) != known.end()) continue;
    if (is_one_of(kOfNewerLibpq, name)) {
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
