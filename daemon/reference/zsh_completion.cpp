// SPDX-License-Identifier: Apache-2.0
#include "daemon/reference/completions.hpp"
#include "daemon/reference/posix_parts.hpp"
#include "daemon/reference/quoting.hpp"

namespace outboxd::daemon::reference {
namespace {

constexpr const char* kZshHead =
    "#compdef outboxd\n"
    "# zsh completion for outboxd, made by `outboxd completion zsh`\n\n";

constexpr const char* kZshWalk = R"(_outboxd() {
  local command='' option='' files=no word current=$words[CURRENT]
  local -a choices offered
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=${(Q)words[i]}
    if [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      if __outboxd_option "$command" "$word"; then option=$word; fi
    elif __outboxd_is_command "${command:+$command }$word"; then
      command=${command:+$command }$word
    fi
  done
  if [[ -z $option && $current == --*=* ]]; then
    option=${current%%=*}
    compset -P '*='
  fi
  files=no
  choices=()
  if [[ -n $option ]]; then
    __outboxd_option "$command" "$option" || return 1
    if (( $#choices )); then compadd -a choices; fi
  elif [[ $current == -* ]]; then
    __outboxd_options "$command"
    if (( $#offered )); then _describe -o option offered; fi
  else
    __outboxd_words "$command"
    if (( $#offered )); then _describe word offered; fi
  fi
  if [[ $files == yes ]]; then _files; fi
}

if [[ $funcstack[1] == _outboxd ]]; then _outboxd "$@"; else compdef _outboxd outboxd; fi
)";

std::string item_of(const std::string& word, const std::string& help) {
  return "\n      " + shell_quoted(zsh_described(word, help));
}

std::string described(const std::vector<Option>& options) {
  std::string items;
  for (const auto& option : options) {
    for (const auto& name : option.names) items += item_of(name, option.help);
  }
  return items;
}

std::string described(const Following& following) {
  std::string items;
  for (const auto& [word, help] : following.words) items += item_of(word, help);
  return items;
}

}  // namespace

std::string zsh_completion(const Tree& tree) {
  std::string options = "__outboxd_options() {\n  case \"$1\" in\n";
  std::string words = "__outboxd_words() {\n  case \"$1\" in\n";
  for (const auto* command : all_of(tree.program)) {
    const auto pattern = "    " + shell_quoted(command->path) + ") offered=(";
    options += pattern + described(command->options) + ") ;;\n";
    const auto follows = following(*command, tree);
    words += pattern + described(follows) + ")" + (follows.files ? " files=yes" : "") + " ;;\n";
  }
  options += "  esac\n" + unless_shared(tree) + "  offered+=(" + described(tree.shared) + described(tree.settings) +
             ")\n}\n\n";
  return kZshHead + posix_parts(tree) + options + words + "  esac\n}\n\n" + kZshWalk;
}

}  // namespace outboxd::daemon::reference
