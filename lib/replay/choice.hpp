// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::replay {

/// A time as Postgres keeps it.
using Moment = std::chrono::sys_time<std::chrono::microseconds>;

/// The options that choose rows, as they were written.
struct ChoiceWords {
  std::vector<std::string> streams{};
  std::vector<std::string> ids{};
  std::optional<std::string> since{};
  std::optional<std::string> until{};
  std::optional<std::string> after{};
};

/// Which published rows are meant: those that fulfil every condition.
struct Choice {
  /// Any of these; empty: those of the ids.
  std::vector<std::string> streams{};
  /// Any of these; empty: all.
  std::vector<std::string> ids{};
  /// Published from then on, and before.
  std::optional<Moment> since{};
  std::optional<Moment> until{};
  /// Only the rows that come after the one with this id.
  std::optional<std::string> after{};
};

/// Why these options choose no rows, with the remedy; "" if they do. `now`: from which ages count.
[[nodiscard]] std::string problem_of(const ChoiceWords& words, Moment now);

/// The choice of options without a problem. Without an end, and without ids, it ends now: rows that a daemon
/// publishes meanwhile are not published again.
[[nodiscard]] Choice choice_of(const ChoiceWords& words, Moment now);

/// The choice as options on one line, with its times fixed: the same command later means the same rows.
[[nodiscard]] std::string options_of(const Choice& choice);

/// The same for people: of many ids only some.
[[nodiscard]] std::string described(const Choice& choice);

/// "2026-01-31T12:00:00Z", also with up to six decimals, or an age as "30s", "2h", "7d"; nothing for other texts.
[[nodiscard]] std::optional<Moment> moment_of(const std::string& text, Moment now);

/// "2026-01-31T12:00:00.123456Z".
[[nodiscard]] std::string text_of(Moment moment);

}  // namespace outboxd::replay
