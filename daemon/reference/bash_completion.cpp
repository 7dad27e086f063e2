// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/completions.hpp"
#include "daemon/reference/posix_parts.hpp"
#include "daemon/reference/quoting.hpp"

namespace outboxd::daemon::reference {
namespace {

constexpr const char* kBashHead =
    "# bash completion for outboxd, made by `outboxd completion bash`\n"
    "# shellcheck shell=bash\n\n";

constexpr const char* kBashWalk = R"(_outboxd() {
  local command='' option='' files=no word i
  local -a choices=() offered=()
  COMPREPLY=()
  local current=${COMP_WORDS[COMP_CWORD]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    # Bash makes three words of --mode=dev.
    if [[ $word == '=' ]]; then continue; fi
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      if __outboxd_option "$command" "$word"; then option=$word; fi
    elif __outboxd_is_command "${command:+$command }$word"; then
      command=${command:+$command }$word
    fi
  done
  if [[ $current == '=' ]]; then current=''; fi
  files=no
  choices=()
  if [[ -n $option ]]; then
    __outboxd_option "$command" "$option"
    offered=("${choices[@]}")
  elif [[ $current == -* ]]; then
    __outboxd_options "$command"
  else
    __outboxd_words "$command"
  fi
  for word in "${offered[@]}"; do
    if [[ $word == "$current"* ]]; then COMPREPLY+=("$word"); fi
  done
  if [[ $files == yes ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  fi
}

complete -F _outboxd outboxd
)";

std::string quoted_list(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list.append(list.empty() ? "" : " ").append(shell_quoted(word));
  return "(" + list + ")";
}

std::vector<std::string> names_of(const std::vector<Option>& options) {
  std::vector<std::string> names;
  for (const auto& option : options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::vector<std::string> words_of(const Following& following) {
  std::vector<std::string> words;
  for (const auto& [word, help] : following.words) words.push_back(word);
  return words;
}

}  // namespace

std::string bash_completion(const Tree& tree) {
  // The lists are set where _outboxd reads them: a function of bash sees the variables of its caller.
  std::string options = "# shellcheck disable=SC2034\n__outboxd_options() {\n  case \"$1\" in\n";
  std::string words = "# shellcheck disable=SC2034\n__outboxd_words() {\n  case \"$1\" in\n";
  for (const auto* command : all_of(tree.program)) {
    const auto pattern = "    " + shell_quoted(command->path) + ") offered=";
    options += pattern + quoted_list(names_of(command->options)) + " ;;\n";
    const auto follows = following(*command, tree);
    words += pattern + quoted_list(words_of(follows)) + (follows.files ? " files=yes" : "") + " ;;\n";
  }
  options += "  esac\n" + unless_shared(tree) + "  offered+=" + quoted_list(names_of(tree.shared)) +
             "\n  offered+=" + quoted_list(names_of(tree.settings)) + "\n}\n\n";
  return kBashHead + posix_parts(tree) + options + words + "  esac\n}\n\n" + kBashWalk;
}

}  // namespace outboxd::daemon::reference
