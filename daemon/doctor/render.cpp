// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/render.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/redaction.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <string_view>
#include <utility>

namespace outboxd::daemon::doctor {
namespace {

// Longer lines are hard to read.
constexpr std::size_t kWidest = 100;
constexpr std::size_t kNarrowest = 60;
constexpr std::size_t kLongest = 1'000;

struct Group {
  std::string_view prefix;
  std::string_view title;
};

constexpr std::array kGroups{Group{"host.", "HOST"}, Group{"postgres.", "POSTGRES"}, Group{"redis.", "REDIS"}};

std::string shown(const std::string& text) {
  std::string line;
  telemetry::append_printable(line, utf8::shortened(telemetry::log::redacted(text), kLongest));
  return line;
}

/// Words, wrapped to the width, after this beginning.
void append_wrapped(std::string& to, const std::string& beginning, std::string_view words, std::size_t width) {
  const std::string indent(beginning.size(), ' ');
  auto line = beginning;
  bool is_first = true;
  while (!words.empty()) {
    const auto end = words.find(' ');
    const auto word = words.substr(0, end);
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    if (!is_first && line.size() + 1 + word.size() > width) {
      to += line + "\n";
      line = indent;
      is_first = true;
    }
    if (!is_first) line += ' ';
    line += word;
    is_first = false;
  }
  to += line + "\n";
}

void append_finding(std::string& text, const Finding& finding, std::size_t width) {
  std::string severity{name_of(finding.severity)};
  std::ranges::transform(severity, severity.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  constexpr std::size_t kSeverityWidth = 10;
  severity.resize(kSeverityWidth, ' ');
  append_wrapped(text, "  " + severity, finding.check + ": " + shown(finding.subject) + ": " + shown(finding.seen),
                 width);
  const std::string indent(2 + kSeverityWidth, ' ');
  if (!finding.why.empty()) append_wrapped(text, indent + "why: ", shown(finding.why), width);
  // On one line, so that it can be copied.
  if (!finding.remedy.empty()) text += indent + "remedy: " + shown(finding.remedy) + "\n";
}

std::string summary_of(const Findings& findings) {
  std::map<Severity, std::size_t> counts;
  for (const auto& finding : findings) ++counts[finding.severity];
  const auto count = [&counts](Severity severity, const char* one, const char* many) {
    const auto number = counts[severity];
    return std::to_string(number) + " " + (number == 1 ? one : many);
  };
  return count(Severity::critical, "critical", "critical") + ", " + count(Severity::warning, "warning", "warnings") +
         ", " + count(Severity::note, "note", "notes") + ", " + count(Severity::ok, "ok", "ok") + "\n";
}

std::string json_field(const char* name, std::string_view value) {
  std::string json = std::string{"\""} + name + "\":\"";
  telemetry::append_json(json, value);
  return json + "\"";
}

}  // namespace

std::string text_of(const Findings& findings, bool all, std::size_t width) {
  const auto columns = width == 0 ? kWidest : std::clamp(width, kNarrowest, kWidest);
  std::string text;
  for (const auto& [prefix, title] : kGroups) {
    Findings group;
    for (const auto& finding : findings) {
      const bool is_shown = all || finding.severity != Severity::ok;
      if (is_shown && finding.check.starts_with(prefix)) group.push_back(finding);
    }
    if (group.empty()) continue;
    std::ranges::stable_sort(group, std::ranges::greater{}, &Finding::severity);
    text += std::string{title} + "\n";
    for (const auto& finding : group) append_finding(text, finding, columns);
  }
  return text + summary_of(findings);
}

std::string json_lines_of(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    text += "{" + json_field("check", finding.check) + "," + json_field("severity", name_of(finding.severity)) + "," +
            json_field("subject", shown(finding.subject)) + "," + json_field("seen", shown(finding.seen)) + "," +
            json_field("why", shown(finding.why)) + "," + json_field("remedy", shown(finding.remedy)) + "}\n";
  }
  return text;
}

}  // namespace outboxd::daemon::doctor
