// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace outboxd::config {

/// The source of a value or a problem.
struct Origin {
  /// In rising order of precedence; `general` is for problems with no single place.
  enum class Kind { general, defaults, profile, file, environment, flag };

  Kind kind = Kind::general;
  /// The profile, file, environment variable or flag.
  std::string name{};
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  /// Path of the file that a `_file` setting read the value from; else empty.
  std::string read_from{};
  /// A connection that a [[dispatcher]] entry of the file sets for itself alone.
  bool own = false;

  bool operator==(const Origin&) const = default;

  /// As `config show` prints it: "profile api", "file /etc/outboxd/outboxd.toml:3", "environment LOG_LEVEL".
  [[nodiscard]] std::string shown() const;
};

/// Whether `left` overrides `right`: an entry's own connection over flags over environment over file over defaults
/// (of the profile or not).
bool outranks(const Origin& left, const Origin& right);

/// One error in the configuration.
struct Problem {
  Origin where;
  std::string text;

  /// "file:line:column: text", "environment NAME: text", "flag --name: text", or the text alone.
  [[nodiscard]] std::string shown() const;
};

using Problems = std::vector<Problem>;

struct Findings {
  Problems problems{};
  /// Settings that work but should be corrected.
  Problems warnings{};
};

}  // namespace outboxd::config
