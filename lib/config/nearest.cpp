// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"

#include "config/options.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace outboxd::config {
namespace {

struct Section {
  std::string_view name;
  /// Its names in other programs.
  std::string_view also;
};
constexpr std::array<Section, 6> kSections{{{"log", "logging logger logs"},
                                            {"postgres", "database db postgresql pg pgsql"},
                                            {"redis", "cache valkey"},
                                            {"http", "server metrics prometheus health web"},
                                            {"signing", "hmac signature sign crypto"},
                                            {"dispatcher", "dispatch outbox outboxd worker relay publisher"}}};

// Units that other programs put behind a name, while outboxd has them behind the value.
constexpr std::array<std::string_view, 10> kUnits{"_ms",      "_millis", "_milliseconds", "_s",    "_sec",
                                                  "_seconds", "_secs",   "_bytes",        "_size", "_count"};

/// The same for `dispatcher.poll_interval`, `--poll-interval` and `POLL_INTERVAL`.
std::string short_form(std::string_view name) {
  constexpr std::string_view kMainSection = "dispatcher_";
  std::string form = lower(name.substr(std::min(name.find_first_not_of('-'), name.size())));
  for (char& c : form) c = c == '.' || c == '-' ? '_' : c;
  return form.starts_with(kMainSection) ? form.substr(kMainSection.size()) : form;
}

void look_up(std::string_view word, std::vector<std::string>& meanings) {
  for (const Section& section : kSections) {
    if (is_one_of(section.also, word)) meanings.emplace_back(section.name);
  }
  for (const Option& option : options()) {
    if (is_one_of(option.also, word)) meanings.push_back(option.path);
  }
}

std::string_view without_unit(std::string_view word) {
  for (const std::string_view unit : kUnits) {
    if (word.size() > unit.size() && word.ends_with(unit)) return word.substr(0, word.size() - unit.size());
  }
  return word;
}

/// The possible meanings of a dotted path, a flag, or (a part of) a variable's name: paths of settings, names of
/// sections.
std::vector<std::string> meant_by(std::string_view word) {
  const std::string whole = short_form(word);
  const std::string last = short_form(word.substr(word.rfind('.') + 1));
  std::vector<std::string> meanings{whole};
  look_up(whole, meanings);
  look_up(last, meanings);
  if (const std::string_view bare = without_unit(whole); bare != whole) {
    meanings.emplace_back(bare);
    look_up(bare, meanings);
    look_up(without_unit(last), meanings);
  }
  return meanings;
}

/// Whether a path, a section, a flag or a variable's name (without OUTBOXD_) names a setting or section. A secret's
/// flag is its file's flag.
bool names_setting(std::string_view word, std::string_view setting) {
  const std::string form = short_form(word);
  const std::string wanted = short_form(setting);
  return form == wanted || form == wanted + "_file";
}

/// A third of the word may be wrong; in short words, one letter.
std::size_t tolerance(std::string_view word) {
  return std::max<std::size_t>(1, word.size() / 3);
}

/// The only word of `known` that begins with `word`; "" if several do, or none.
std::string completed(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t kTellsSomething = 3;
  if (word.size() < kTellsSomething) return "";
  std::string result;
  for (const std::string& candidate : known) {
    if (!lower(candidate).starts_with(lower(word))) continue;
    if (!result.empty()) return "";
    result = candidate;
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  using Line = std::vector<std::size_t>;
  Line before_last(right.size() + 1);
  Line last(right.size() + 1);
  Line now(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        now[j] = std::min(now[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(now);
  }
  return last[right.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  for (const std::string& meant : meant_by(word)) {
    for (const std::string& candidate : known) {
      if (names_setting(candidate, meant)) return candidate;
    }
  }
  std::size_t best = tolerance(word) + 1;
  std::string result;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(lower(word), lower(candidate));
    if (distance < best) {
      best = distance;
      result = candidate;
    }
  }
  return result.empty() ? completed(word, known) : result;
}

std::string nearest_path(std::string_view path) {
  for (const std::string& meant : meant_by(path)) {
    for (const Option& option : options()) {
      if (names_setting(option.path, meant)) return option.path;
    }
  }
  const std::string wanted = lower(path);
  const std::string_view key = std::string_view(wanted).substr(wanted.rfind('.') + 1);
  const std::string_view section = std::string_view(wanted).substr(0, wanted.size() - key.size());
  std::size_t best = std::numeric_limits<std::size_t>::max();
  std::string result;
  for (const Option& option : options()) {
    const std::size_t distance = edit_distance(key, option.key());
    // A key in another section comes after any in this one.
    const bool is_here =
        option.path.size() == section.size() + option.key().size() && option.path.starts_with(section);
    const std::size_t score = distance + (is_here ? 0 : key.size());
    if (distance > tolerance(key) || score >= best) continue;
    best = score;
    result = option.path;
  }
  return result;
}

std::string did_you_mean(const std::string& suggestion) {
  return suggestion.empty() ? "" : "; did you mean " + suggestion + "?";
}

}  // namespace outboxd::config
