// SPDX-License-Identifier: Apache-2.0
#include "streams/plan.hpp"

#include "streams/shown.hpp"

#include <string_view>

namespace outboxd::streams {
namespace {

constexpr const char* kFromNowOn = "$";

/// The id of the first entry of a stream without groups. Redis refuses it if the stream ever had an entry, so that
/// the entry is added once, however many processes try.
constexpr const char* kFirstId = "0-1";

/// For a group that does not read what is in the stream already.
std::string later_start_text(const std::string& stream, const std::string& group, std::uint64_t entries) {
  return shown_group(stream, group) + " begins after the entries that are in the stream already (" +
         std::to_string(entries) + "): if it is to read them, run " +
         shell_line({"XGROUP", "SETID", stream, group, "0"});
}

void plan_groups(const Wanted& wanted, const SeenStream& seen, bool with_optional, Plan& plan) {
  for (const auto& group : wanted.declared.groups) {
    if (seen.group(group.name) != nullptr) {
      plan.existing.push_back({wanted.name, group.name});
    } else if (!group.optional || with_optional) {
      const bool may_exist = seen.kind != SeenStream::Kind::missing && !seen.groups;
      plan.steps.push_back({.stream = wanted.name,
                            .group = group.name,
                            .command = {"XGROUP", "CREATE", wanted.name, group.name, group.start, "MKSTREAM"},
                            .may_exist = may_exist});
      if (group.start == kFromNowOn && seen.length.value_or(0) > 0) {
        plan.warnings.push_back(later_start_text(wanted.name, group.name, *seen.length));
      }
    }
  }
}

}  // namespace

Plan plan_of(std::span<const Wanted> wanted, std::span<const SeenStream> seen, bool with_optional) {
  using Kind = SeenStream::Kind;
  Plan plan;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& stream = wanted[i];
    const auto& now = seen[i];
    if (now.kind == Kind::other_type) {
      plan.problems.push_back(wrong_type_text(now));
      continue;
    }
    if (now.kind == Kind::stream) plan.existing.push_back({stream.name, ""});
    if (auto over = over_bound(stream, now); !over.text.empty()) plan.warnings.push_back(std::move(over.text));
    plan_groups(stream, now, with_optional, plan);
    if (stream.declared.groups.empty() && now.kind != Kind::stream) {
      plan.steps.push_back({.stream = stream.name,
                            .group = "",
                            .command = {"XADD", stream.name, kFirstId, "init", "1"},
                            .may_exist = now.kind == Kind::unknown});
    }
  }
  return plan;
}

StepResult result_of(const Step& step, const redis::Value& answer) {
  using Outcome = StepResult::Outcome;
  if (answer.kind != redis::Value::Kind::error) return {Outcome::created, {}};
  const std::string_view text = answer.text;
  if (text.starts_with("BUSYGROUP") || text.starts_with("ERR The ID specified in XADD is equal or smaller")) {
    return {Outcome::existed, {}};
  }
  const auto* const command = step.group.empty() ? "XADD" : "XGROUP CREATE";
  return {Outcome::refused, why_not_known(command, answer)};
}

std::string shell_line(const std::vector<std::string>& command) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/=@,+";
  std::string line;
  for (const auto& word : command) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) c == '\'' ? line.append("'\\''") : line += c;
    line += '\'';
  }
  return line;
}

OverBound over_bound(const Wanted& wanted, const SeenStream& seen) {
  // Redis trims whole nodes of a stream: stream-node-max-entries.
  constexpr std::uint64_t kNode = 100;
  if (seen.kind != SeenStream::Kind::stream || !seen.length || !wanted.bound || *seen.length <= *wanted.bound)
    return {};
  const bool is_exact = wanted.cut_to && wanted.cut_to->exact;
  const bool is_usual = !is_exact && *seen.length <= *wanted.bound + kNode;
  // One that should have about one entry has a few wherever its provisioning was repeated.
  if (is_usual && *wanted.bound < kNode) return {};
  std::string text = shown(wanted.name) + " has " + std::to_string(*seen.length) + " entries, and its bound is " +
                     std::to_string(*wanted.bound);
  if (!is_usual && wanted.cut_to && wanted.cut_to->maxlen > *wanted.bound) {
    text += ": dispatchers of this configuration cut it to " + std::to_string(wanted.cut_to->maxlen) +
            " only. Set topology (or dispatcher.stream_maxlen) in the configuration, and look at outboxd streams "
            "status before: the next XADD then trims it, whether entries are read or not";
    return {std::move(text), false};
  }
  text += is_usual
              ? "; MAXLEN ~ leaves up to about a hundred more"
              : ": it is left as it is. The next XADD with that bound trims it, whether entries are read or not: "
                "look at outboxd streams status before";
  return {std::move(text), is_usual};
}

}  // namespace outboxd::streams
