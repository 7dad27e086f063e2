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

constexpr std::string_view kBlank = " \t\r\n\v\f";

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

/// Takes a value off the front; false if a quote is left open.
bool take_value(std::string_view& text, std::string& value) {
  const bool in_quotes = text.starts_with('\'');
  const std::string_view end = in_quotes ? "'" : kBlank;
  if (in_quotes) text.remove_prefix(1);
  while (!text.empty() && end.find(text.front()) == std::string_view::npos) {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) break;
    value += text.front();
    text.remove_prefix(1);
  }
  if (text.empty()) return !in_quotes;
  if (in_quotes) text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<KeywordValues> parse_conninfo(std::string_view text) {
  KeywordValues pairs;
  skip_blanks(text);
  while (!text.empty()) {
    const std::string key(text.substr(0, text.find_first_of(" \t\r\n\v\f=")));
    text.remove_prefix(key.size());
    skip_blanks(text);
    if (key.empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    skip_blanks(text);
    auto& pair = pairs.emplace_back(key, "");
    if (!take_value(text, pair.second)) return std::nullopt;
    skip_blanks(text);
  }
  return pairs.empty() ? std::nullopt : std::optional(pairs);
}

std::string conninfo_value(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \t\r\n\v\f'\\") == std::string_view::npos;
  if (plain) return std::string(value);
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string write_conninfo(const KeywordValues& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text.append(text.empty() ? "" : " ").append(key).append("=").append(conninfo_value(value));
  }
  return text.empty() ? "postgresql://" : text;
}

Checked<PostgresUrl> read_postgres_url(std::string_view text) {
  Checked<PostgresPairs> read = read_postgres_pairs(text);
  if (!read.value) return {.problem = std::move(read.problem)};
  PostgresUrl url;
  std::string problem = translate_postgres(*read.value, url);
  if (problem.empty()) problem = impossible_value(read.value->pairs);
  if (!problem.empty()) return {.problem = std::move(problem)};
  url.text = read.value->as_libpq ? std::string(text) : write_conninfo(read.value->pairs);
  for (const auto& pair : read.value->pairs) url.parameters.push_back(pair.first);
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

std::string check_postgres_url(std::string_view text) {
  return read_postgres_url(text).problem;
}

}  // namespace outboxd::config
