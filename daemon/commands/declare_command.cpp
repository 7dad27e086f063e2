// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/declare_command.hpp"

#include "daemon/commands/exit_status.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <sstream>

namespace outboxd::daemon {
namespace {

constexpr std::string_view kExitStatus = "Exit status:\n";
constexpr std::string_view kExamples = "Examples:\n";
// As wide as the texts in the sources.
constexpr std::size_t kHelpWidth = 110;

/// Words after a beginning, in lines of the width; further lines begin under the first word.
std::string wrapped(const std::string& beginning, const std::string& text) {
  std::istringstream words{text};
  std::string all;
  auto line = beginning;
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kHelpWidth) {
      all += line + "\n";
      line = std::string(beginning.size(), ' ');
    }
    line.append(line.size() > beginning.size() ? " " : "").append(word);
  }
  return all + line + "\n";
}

std::string lines_of(const std::vector<StatusMeaning>& meanings) {
  std::string text;
  for (const auto& [status, meaning] : meanings) {
    text += wrapped("  " + status + "  ", meaning);
  }
  return text;
}

/// Where a section begins, with the blank line before it; the footer's end if it has none.
std::size_t begin_of(std::string_view section, const std::string& footer) {
  if (footer.starts_with(section)) return 0;
  return std::min(footer.find("\n\n" + std::string{section}), footer.size());
}

void append_section(std::string& footer, std::string_view title, const std::string& lines) {
  footer.append(footer.empty() ? "" : "\n\n").append(title).append(lines.substr(0, lines.find_last_not_of('\n') + 1));
}

}  // namespace

CLI::App& declare_command(CLI::App& parent, const std::string& name, const std::string& description) {
  return *declare_printed(parent, name, description).fallthrough();
}

CLI::App& declare_printed(CLI::App& program, const std::string& name, const std::string& description) {
  // Otherwise it has the program's footer.
  return *program.add_subcommand(name, description)->footer("");
}

CLI::App& declare_group(CLI::App& program, const std::string& name, const std::string& description) {
  const auto is_it = [&name](const CLI::App* app) { return app->get_name() == name; };
  if (const auto there = program.get_subcommands(is_it); !there.empty()) return *there.front();
  return *declare_command(program, name, description).require_subcommand(1);
}

void set_examples(CLI::App& command, const std::vector<std::string>& examples) {
  auto footer = about_of(command);
  const auto path = path_of(command);
  if (const auto own = exit_statuses_of(path.empty() ? "run" : path); !own.empty()) {
    auto lines = lines_of(own) + "  Every command, too:\n" + lines_of(exit_statuses_of(""));
    append_section(footer, kExitStatus, lines);
  }
  std::string lines;
  for (const auto& example : examples) lines.append("  ").append(example).append("\n");
  append_section(footer, kExamples, lines);
  command.footer(footer);
}

std::string path_of(const CLI::App& command) {
  const auto* parent = command.get_parent();
  if (parent == nullptr) return {};
  const auto above = path_of(*parent);
  return above.empty() ? command.get_name() : above + " " + command.get_name();
}

std::string about_of(const CLI::App& command) {
  const auto footer = command.get_footer();
  return footer.substr(0, std::min(begin_of(kExitStatus, footer), begin_of(kExamples, footer)));
}

std::vector<std::string> examples_of(const CLI::App& command) {
  std::vector<std::string> examples;
  const auto footer = command.get_footer();
  const auto begin = footer.find(kExamples);
  if (begin == std::string::npos) return examples;
  std::istringstream lines{footer.substr(begin + kExamples.size())};
  for (std::string line; std::getline(lines, line);) examples.push_back(line.substr(line.find_first_not_of(' ')));
  return examples;
}

}  // namespace outboxd::daemon
