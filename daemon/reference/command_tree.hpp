// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/commands/exit_status.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

/// Completions and the manual page, made of what the commands declare for --help. Pure, but for tree_of().
namespace outboxd::daemon::reference {

struct Option {
  /// "-h", "--help".
  std::vector<std::string> names{};
  /// "FILE", "api|coordinator"; empty: it takes no value.
  std::string value{};
  std::string help{};
  bool required = false;
  bool repeats = false;
};

struct Argument {
  /// "STREAM"; as an option's value, it says what may stand there.
  std::string value{};
  std::string help{};
  bool required = false;
  bool repeats = false;
};

struct Command {
  /// "dead list"; empty: the program.
  std::string path{};
  /// The last word of `path`.
  std::string name{};
  std::string summary{};
  /// What --help says below the options, in lines.
  std::string about{};
  /// Without those that the program shares with it.
  std::vector<Option> options{};
  std::vector<Argument> arguments{};
  std::vector<Command> commands{};
  std::vector<StatusMeaning> statuses{};
  std::vector<std::string> examples{};
  /// Whether the program's shared options and settings may follow its name.
  bool takes_shared = false;
};

struct Tree {
  /// Its own options are those of `outboxd run`.
  Command program{};
  /// The options of the program that most commands accept.
  std::vector<Option> shared{};
  /// Those that set a setting, and are accepted by the same commands.
  std::vector<Option> settings{};
};

/// The groups in --help of options that are not for every command, and of settings.
inline constexpr const char* kRunGroup = "Run";
inline constexpr const char* kSettingsGroup = "Settings";

[[nodiscard]] Tree tree_of(const CLI::App& program);

/// Every command with the program, each before those below it.
[[nodiscard]] std::vector<const Command*> all_of(const Command& command);

/// What may stand as a value.
enum class Values { unknown, choices, files, commands };
/// By the name of the value, such as "FILE".
[[nodiscard]] Values values_of(const std::string& value_name);
/// The words of "api|coordinator".
[[nodiscard]] std::vector<std::string> choices_of(const std::string& value_name);

/// What may follow a command's name, beside options.
struct Following {
  struct Word {
    std::string word;
    std::string help;
  };
  /// Commands below it, and the words of its arguments.
  std::vector<Word> words{};
  /// Whether a file's name may follow.
  bool files = false;
};
[[nodiscard]] Following following(const Command& command, const Tree& tree);

}  // namespace outboxd::daemon::reference
