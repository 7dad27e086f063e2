// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::config {

/// streams: tables of the file alone, so without a flag and an environment name.
enum class Kind { text, choice, integer, duration, size, list, limits, names, streams };

/// How numbers are written under a name: as in the file (durations with units), or as plain milliseconds or seconds.
enum class Unit { own, milliseconds, seconds };

/// The profiles whose dispatchers read an environment name; api_alone: profile api, unless a coordinator runs in the
/// same process.
enum class Readers { all, api, api_alone, coordinator };

/// Decides which environment names a dispatcher reads.
struct Reader {
  Profile profile = Profile::api;
  /// Whether a dispatcher of the coordinator's profile runs in the same process.
  bool beside_coordinator = false;
};

/// The choices of a setting that is on or off; the file may have it without quotes.
inline constexpr const char* kTrueOrFalse = "true|false";

struct EnvName {
  std::string name;
  Unit unit = Unit::own;
  Readers readers = Readers::all;
};

/// A further condition on a value: returns the reason why it fails, or "". Never quotes a secret.
using Check = std::function<std::string(const Value&)>;
/// Returns the part of a secret that may be shown.
using Mask = std::string (*)(std::string_view);
/// Puts a checked value into its field.
using Store = std::function<void(Settings&, const Value&)>;

/// One setting, declared once. Its flag and its OUTBOXD_ name follow from the path.
struct Option {
  /// TOML path, e.g. "dispatcher.poll_interval".
  std::string path;
  Kind kind = Kind::text;
  /// One line, without a full stop.
  std::string help{};
  /// As in the file, without quotes; empty: not set (text, names), or empty (list, limits).
  std::string default_api{};
  std::string default_coordinator{};
  /// Whether the default is part of a tuning profile.
  bool per_profile = false;
  /// Bounds of integer, duration (milliseconds), size (bytes) and each number of limits; inclusive.
  std::int64_t min = 0;
  std::int64_t max = 0;
  /// For a choice: "a|b|c", and synonyms: "x=a y=b". For names: the roles; empty: the names are streams.
  std::string choices{};
  std::string aliases{};
  /// Shared environment names, in order of precedence; OUTBOXD_… comes before them.
  std::vector<EnvName> shared_env{};
  /// No flag, never shown; has a sibling `<path>_file`.
  bool secret = false;
  /// For such a sibling: the path of the secret that its file holds.
  std::string file_of{};
  /// Distinguishes dispatchers, so that several can't have the same value.
  bool identifies = false;
  /// Names in other programs, for suggestions: words with blanks between, with the section in front ("redis_db")
  /// where the word alone is not enough.
  std::string also{};
  Check check{};
  /// For a secret; without it, no part is shown.
  Mask mask = nullptr;
  /// Empty where several settings make up one field.
  Store store{};

  /// The part of the path before the last dot ("" for top-level settings), and after it.
  [[nodiscard]] std::string section() const;
  [[nodiscard]] std::string key() const;
  /// "--poll-interval", "--http-listen"; "" for secrets and streams.
  [[nodiscard]] std::string flag() const;
  /// "OUTBOXD_POLL_INTERVAL", "OUTBOXD_HTTP_LISTEN"; "" for streams.
  [[nodiscard]] std::string own_env() const;
  /// Every environment name that a dispatcher reads, the strongest first.
  [[nodiscard]] std::vector<EnvName> env(const Reader& reader) const;
  /// Whether each dispatcher has a value of its own, or the process has one.
  [[nodiscard]] bool of_dispatcher() const;
  /// Whether it is part of a connection to Postgres or Redis.
  [[nodiscard]] bool of_connection() const;
  [[nodiscard]] const std::string& default_text(Profile profile) const;
  /// For --help: "DURATION", "SIZE", "NUMBER", "TEXT", "PATH", "A,B", "STREAM=N,…", "ROLE=NAME,…" or the choices.
  [[nodiscard]] std::string value_name() const;
  /// "1ms to 1h", "1 to 10000"; "" where there are no bounds.
  [[nodiscard]] std::string range() const;
};

/// Every setting, in the order in which they are shown; each secret is followed by its `_file` sibling.
const std::vector<Option>& options();

/// Null if there is no such setting.
const Option* find_option(std::string_view path);
const Option* find_option_by_flag(std::string_view flag);

/// A number in the option's own notation: "30s", "16MiB", "32".
std::string show_number(const Option& option, std::int64_t number);

const char* to_string(Profile profile);
Profile profile_named(std::string_view word);

/// The environment name of the configuration file's path; not a setting of the file itself.
inline constexpr std::string_view kConfigEnv = "OUTBOXD_CONFIG";
inline constexpr std::string_view kOwnEnvPrefix = "OUTBOXD_";

/// The rows as declared, without the `_file` siblings; for options() alone.
std::vector<Option> option_table();

}  // namespace outboxd::config
