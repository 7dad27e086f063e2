// SPDX-License-Identifier: Apache-2.0
#include "dead_rows/filter.hpp"

#include "config/units.hpp"
#include "outbox/utf8.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace outboxd::dead_rows {

using std::chrono::milliseconds;

namespace {

bool has_conditions(const FilterWords& words) {
  return !words.streams.empty() || !words.ids.empty() || words.error || words.older_than || words.newer_than;
}

std::string quoted(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  return "'" + utf8::shortened(text, kLongest) + "'";
}

std::string problem_of_text(const char* option, const std::string& text) {
  if (text.empty()) return std::string{option} + " is empty: leave it out, or give it a text";
  if (!utf8::is_valid(text)) return std::string{option} + " isn't UTF-8, so no row can have it";
  return {};
}

/// Whether a text of an error has a word after each with a digit became "#" (as the statements have it), and so means
/// some errors and not nearly all.
bool has_a_word(std::string_view text) {
  // Of which the statements see the beginning.
  constexpr std::size_t kSeen = 500;
  bool letters = false;
  bool digits = false;
  for (const char c : text.substr(0, kSeen)) {
    const auto byte = static_cast<unsigned char>(c);
    // A character of another alphabet.
    if (byte >= 0x80) return true;
    letters = letters || std::isalpha(byte) != 0;
    digits = digits || std::isdigit(byte) != 0;
    if (std::isalnum(byte) != 0 || c == '_' || c == '-') continue;
    if (letters && !digits) return true;
    letters = digits = false;
  }
  return letters && !digits;
}

std::string problem_of_error(const std::string& text) {
  auto problem = problem_of_text("--error", text);
  if (!problem.empty() || has_a_word(text)) return problem;
  return "--error " + quoted(text) +
         " has no word without a digit, and all those with one count as equal: add a word of the error, or choose "
         "rows "
         "by --id";
}

std::string problem_of_age(const char* option, const std::optional<std::string>& text) {
  if (!text) return {};
  const auto age = duration_of(*text);
  if (age && age->count() > 0) return {};
  return std::string{option} + " " + quoted(*text) + " is no length of time: write it as 30s, 15m, 2h or 7d";
}

/// The first text that isn't empty.
std::string first_of(std::initializer_list<std::string> problems) {
  const auto found = std::ranges::find_if(problems, [](const auto& problem) { return !problem.empty(); });
  return found == problems.end() ? "" : *found;
}

}  // namespace

std::optional<milliseconds> duration_of(const std::string& text) {
  // What Postgres can subtract from the time.
  constexpr std::chrono::days kLongest{36'500};
  const auto parsed = config::parse_duration(text);
  if (!parsed.value || *parsed.value < 0 || milliseconds{*parsed.value} > kLongest) return std::nullopt;
  return milliseconds{*parsed.value};
}

std::optional<double> rate_of(const std::string& text) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto number = config::parse_integer(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
  if (!number.value || *number.value < 1 || *number.value > kMost) return std::nullopt;
  return static_cast<double>(*number.value);
}

std::string problem_of(const FilterWords& words, Unfiltered unfiltered) {
  const bool filtered = has_conditions(words);
  if (words.all && filtered) {
    return "--all means every dead row, and the other options mean some of them: leave out one or the other";
  }
  if (!words.all && !filtered && unfiltered == Unfiltered::refused) {
    return "say which dead rows: --stream, --error, --older-than, --newer-than or --id; or --all for every one";
  }
  for (const auto& stream : words.streams) {
    if (auto problem = problem_of_text("--stream", stream); !problem.empty()) return problem;
  }
  for (const auto& id : words.ids) {
    if (auto problem = problem_of_text("--id", id); !problem.empty()) return problem;
  }
  auto problem =
      first_of({words.error ? problem_of_error(*words.error) : "", problem_of_age("--older-than", words.older_than),
                problem_of_age("--newer-than", words.newer_than)});
  if (!problem.empty()) return problem;
  const auto filter = filter_of(words);
  if (filter.older_than && filter.newer_than && *filter.older_than >= *filter.newer_than) {
    return "no row is both older than " + *words.older_than + " and newer than " + *words.newer_than +
           ": --newer-than has to be the longer time";
  }
  return {};
}

Filter filter_of(const FilterWords& words) {
  Filter filter{.streams = words.streams, .ids = words.ids, .error = words.error};
  if (words.older_than) filter.older_than = duration_of(*words.older_than);
  if (words.newer_than) filter.newer_than = duration_of(*words.newer_than);
  return filter;
}

std::string described(const FilterWords& words) {
  if (!has_conditions(words)) return "--all";
  std::string text;
  const auto add = [&text](const char* option, const std::string& value) {
    text.append(text.empty() ? "" : " ").append(option).append(" ").append(quoted(value));
  };
  for (const auto& stream : words.streams) add("--stream", stream);
  if (words.error) add("--error", *words.error);
  if (words.older_than) add("--older-than", *words.older_than);
  if (words.newer_than) add("--newer-than", *words.newer_than);
  // There may be thousands.
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(kShown, words.ids.size()); ++i) add("--id", words.ids[i]);
  if (words.ids.size() > kShown) text += " and " + std::to_string(words.ids.size() - kShown) + " further ids";
  return text;
}

}  // namespace outboxd::dead_rows
