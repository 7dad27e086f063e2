// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/completions.hpp"
#include "daemon/reference/quoting.hpp"

namespace outboxd::daemon::reference {
namespace {

constexpr const char* kFishHead = "# fish completion for outboxd, made by `outboxd completion fish`\n\n";

constexpr const char* kFishWalk = R"(# The command before the cursor.
function __outboxd_command
    set -l command ''
    set -l is_value no
    for word in (commandline -opc)[2..-1]
        if test $is_value = yes
            set is_value no
        else if string match -q -- '-*' $word
            if __outboxd_takes_value $command:$word
                set is_value yes
            end
        else
            set -l longer (string trim -- "$command $word")
            if contains -- $longer $__outboxd_commands
                set command $longer
            end
        end
    end
    echo $command
end

function __outboxd_at
    set -l command (__outboxd_command)
    test "$command" = "$argv[1]"
end

function __outboxd_takes_shared
    set -l command (__outboxd_command)
    not contains -- "$command" $__outboxd_printed
end

complete -c outboxd -f
)";

std::string condition_of(const std::string& path) {
  return " -n " + fish_quoted("__outboxd_at " + fish_quoted(path));
}

std::string line_of(const Option& option, const std::string& condition) {
  auto line = "complete -c outboxd" + condition;
  for (const auto& name : option.names) {
    line += name.starts_with("--") ? " -l " + fish_quoted(name.substr(2)) : " -s " + fish_quoted(name.substr(1));
  }
  if (!option.value.empty()) line += values_of(option.value) == Values::files ? " -r -F" : " -x";
  if (values_of(option.value) == Values::choices) {
    std::string words;
    // Quoted twice, as fish evaluates the list.
    for (const auto& choice : choices_of(option.value)) words += (words.empty() ? "" : " ") + fish_quoted(choice);
    line += " -a " + fish_quoted(words);
  }
  return line + " -d " + fish_quoted(option.help) + "\n";
}

/// The patterns of a command's options that take a value.
std::string patterns_of(const std::string& command, const std::vector<Option>& options) {
  std::string patterns;
  for (const auto& option : options) {
    if (option.value.empty()) continue;
    for (const auto& name : option.names) {
      auto pattern = command;
      pattern.append(":").append(name);
      patterns.append(" ").append(fish_quoted(pattern));
    }
  }
  return patterns;
}

std::string lines_of(const Command& command, const Tree& tree) {
  const auto condition = condition_of(command.path);
  std::string lines;
  const auto follows = following(command, tree);
  for (const auto& [word, help] : follows.words) {
    lines.append("complete -c outboxd").append(condition).append(" -a ").append(fish_quoted(fish_quoted(word)));
    lines.append(" -d ").append(fish_quoted(help)).append("\n");
  }
  if (follows.files) lines += "complete -c outboxd" + condition + " -F\n";
  for (const auto& option : command.options) lines += line_of(option, condition);
  return lines;
}

}  // namespace

std::string fish_completion(const Tree& tree) {
  std::string commands = "set -g __outboxd_commands";
  std::string printed = "set -g __outboxd_printed";
  auto patterns = patterns_of("*", tree.shared) + patterns_of("*", tree.settings);
  std::string lines;
  for (const auto* command : all_of(tree.program)) {
    if (!command->path.empty()) commands += " " + fish_quoted(command->path);
    if (!command->takes_shared) printed += " " + fish_quoted(command->path);
    patterns += patterns_of(command->path, command->options);
    lines += lines_of(*command, tree);
  }
  for (const auto* shared : {&tree.shared, &tree.settings}) {
    for (const auto& option : *shared) lines += line_of(option, " -n __outboxd_takes_shared");
  }
  return kFishHead + commands + "\n" + printed +
         "\n\n# Of \"command:--option\": whether a value follows.\nfunction __outboxd_takes_value\n    switch "
         "$argv[1]\n"
         "        case" +
         patterns + "\n            return 0\n    end\n    return 1\nend\n\n" + kFishWalk + lines;
}

}  // namespace outboxd::daemon::reference
