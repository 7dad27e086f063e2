// SPDX-License-Identifier: Apache-2.0
#include "replay/choice.hpp"

#include "dead_rows/filter.hpp"
#include "outbox/utf8.hpp"
#include "telemetry/utc_time.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace outboxd::replay {

using std::chrono::microseconds;

namespace {

constexpr int kDecimals = 6;

std::string in_marks(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  return "'" + utf8::shortened(text, kLongest) + "'";
}

/// As a shell takes it.
std::string as_argument(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

std::string problem_of_name(const char* option, const std::string& text) {
  if (text.empty()) return std::string{option} + " is empty: leave it out, or give it a text";
  if (!utf8::is_valid(text)) return std::string{option} + " isn't UTF-8, so no row can have it";
  return {};
}

std::string problem_of_moment(const char* option, const std::optional<std::string>& text, Moment now) {
  if (!text || moment_of(*text, now)) return {};
  return std::string{option} + " " + in_marks(*text) +
         " is no time: write a time in UTC, as 2026-01-31T12:00:00Z, or how long ago it was, as 30s, 15m, 2h or 7d";
}

std::vector<std::string> without_repeats(const std::vector<std::string>& texts) {
  std::vector<std::string> once;
  std::set<std::string_view> seen;
  for (const auto& text : texts) {
    if (seen.insert(text).second) once.push_back(text);
  }
  return once;
}

}  // namespace

std::optional<Moment> moment_of(const std::string& text, Moment now) {
  if (const auto age = dead_rows::duration_of(text)) return now - *age;
  auto seconds = text;
  microseconds part{0};
  if (const auto dot = text.find('.'); dot != std::string::npos && text.ends_with('Z')) {
    auto digits = text.substr(dot + 1, text.size() - dot - 2);
    const bool is_number = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    if (digits.empty() || digits.size() > kDecimals || !is_number) return std::nullopt;
    digits.resize(kDecimals, '0');
    part = microseconds{std::stol(digits)};
    seconds = text.substr(0, dot) + "Z";
  }
  const auto whole = telemetry::utc_time(seconds);
  // The 31st of February would become a day of March.
  if (!whole || telemetry::utc_text(*whole) != seconds) return std::nullopt;
  return std::chrono::time_point_cast<microseconds>(*whole) + part;
}

std::string text_of(Moment moment) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(moment);
  auto text = telemetry::utc_text(seconds);
  const auto part = std::to_string((moment - seconds).count());
  text.pop_back();
  return text + "." + std::string(kDecimals - std::min<std::size_t>(kDecimals, part.size()), '0') + part + "Z";
}

std::string problem_of(const ChoiceWords& words, Moment now) {
  if (words.ids.empty() && words.streams.empty()) {
    return "say which published rows: --id, or --stream, perhaps with --since and --until";
  }
  for (const auto& stream : words.streams) {
    if (auto problem = problem_of_name("--stream", stream); !problem.empty()) return problem;
  }
  for (const auto& id : words.ids) {
    if (auto problem = problem_of_name("--id", id); !problem.empty()) return problem;
  }
  if (words.after) {
    if (auto problem = problem_of_name("--after", *words.after); !problem.empty()) return problem;
  }
  if (auto problem = problem_of_moment("--since", words.since, now); !problem.empty()) return problem;
  if (auto problem = problem_of_moment("--until", words.until, now); !problem.empty()) return problem;
  const auto choice = choice_of(words, now);
  if (choice.since && choice.until && *choice.since >= *choice.until) {
    return "no row was published from " + text_of(*choice.since) + " on and before " + text_of(*choice.until) +
           ": --since has to be the earlier time";
  }
  return {};
}

Choice choice_of(const ChoiceWords& words, Moment now) {
  Choice choice{.streams = without_repeats(words.streams), .ids = without_repeats(words.ids), .after = words.after};
  if (words.since) choice.since = moment_of(*words.since, now);
  if (words.until) choice.until = moment_of(*words.until, now);
  if (!words.until && words.ids.empty()) choice.until = now;
  return choice;
}

namespace {

std::string options_with(const Choice& choice, std::size_t most_ids) {
  std::string text;
  const auto add = [&text](const char* option, const std::string& value) {
    text.append(text.empty() ? "" : " ").append(option).append(" ").append(value);
  };
  for (const auto& stream : choice.streams) add("--stream", as_argument(stream));
  for (std::size_t i = 0; i < std::min(most_ids, choice.ids.size()); ++i) add("--id", as_argument(choice.ids[i]));
  if (choice.ids.size() > most_ids) text += " (and " + std::to_string(choice.ids.size() - most_ids) + " further ids)";
  if (choice.since) add("--since", text_of(*choice.since));
  if (choice.until) add("--until", text_of(*choice.until));
  if (choice.after) add("--after", as_argument(*choice.after));
  return text;
}

}  // namespace

std::string options_of(const Choice& choice) {
  return options_with(choice, choice.ids.size());
}

std::string described(const Choice& choice) {
  // There may be thousands.
  constexpr std::size_t kShown = 3;
  return options_with(choice, kShown);
}

}  // namespace outboxd::replay
