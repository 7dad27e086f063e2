// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/redis_facts.hpp"

#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace outboxd::daemon::doctor {
namespace {

std::optional<std::string> found_in(const std::map<std::string, std::string, std::less<>>& values,
                                    std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

}  // namespace

std::string RedisFacts::as_administrator() const {
  auto text = cli;
  const auto user = " --user " + shell_word(username);
  const auto at = username.empty() ? std::string::npos : text.find(user);
  if (at != std::string::npos) text.replace(at, user.size(), " --user ADMINISTRATOR");
  return text;
}

std::string RedisFacts::change_of(const std::string& setting) const {
  auto by_command = as_administrator() + " CONFIG SET " + setting;
  // CONFIG REWRITE fails without a file.
  if (field("config_file") == "") {
    by_command += "  # until its next start: it runs without a configuration file, so also add --" + setting +
                  " to the command that starts redis-server";
  } else {
    by_command += " && " + as_administrator() + " CONFIG REWRITE";
  }
  // Managed servers refuse CONFIG to everyone, others to this user.
  if (why_no_settings.empty()) return by_command;
  return "in your service's parameters: " + setting + "; on a server of your own: " + by_command;
}

std::optional<std::string> RedisFacts::field(std::string_view name) const {
  return found_in(info, name);
}

std::optional<std::uint64_t> RedisFacts::number(std::string_view name) const {
  const auto text = field(name);
  std::uint64_t number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{}) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::string> RedisFacts::setting(std::string_view name) const {
  if (auto set = found_in(settings, name)) return set;
  if (name == "maxmemory-policy") return field("maxmemory_policy");
  if (name == "appendonly") {
    const auto enabled = field("aof_enabled");
    if (enabled) return *enabled == "1" ? "yes" : "no";
  }
  return std::nullopt;
}

std::map<std::string, std::string, std::less<>> fields_of_info(std::string_view answer) {
  std::map<std::string, std::string, std::less<>> fields;
  while (!answer.empty()) {
    const auto end = answer.find('\n');
    auto line = answer.substr(0, end);
    answer.remove_prefix(end == std::string_view::npos ? answer.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (line.starts_with('#') || colon == std::string_view::npos) continue;
    fields.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return fields;
}

std::string refusal_in(const std::string& error) {
  // The words of Redis, and of others that speak its protocol; before 6.2, NOMKSTREAM is taken for an id.
  constexpr std::array<std::string_view, 6> kOfTheArguments{
      "err value is not an integer",   "err syntax error", "err invalid stream id", "err the maxlen argument",
      "err wrong number of arguments", "wrongtype"};
  std::string lower = error;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_harmless = std::ranges::any_of(kOfTheArguments, [&](auto part) { return lower.starts_with(part); });
  return is_harmless ? "" : error;
}

bool is_certain(std::string_view refusal) {
  constexpr std::array<std::string_view, 14> kCertain{"NOPERM",
                                                      "OOM",
                                                      "READONLY",
                                                      "MISCONF",
                                                      "NOREPLICAS",
                                                      "MOVED",
                                                      "ASK ",
                                                      "LOADING",
                                                      "CLUSTERDOWN",
                                                      "MASTERDOWN",
                                                      "NOAUTH",
                                                      "BUSY ",
                                                      "ERR unknown command",
                                                      "ERR Unknown command"};
  return std::ranges::any_of(kCertain, [&](auto beginning) { return refusal.starts_with(beginning); });
}

}  // namespace outboxd::daemon::doctor
