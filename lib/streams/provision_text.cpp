// SPDX-License-Identifier: Apache-2.0
#include "streams/provision_text.hpp"

#include "streams/json.hpp"
#include "streams/shown.hpp"

#include <boost/json.hpp>

#include <functional>

namespace outboxd::streams {
namespace {

using Outcome = StepResult::Outcome;

const char* word_for(Outcome outcome) {
  return outcome == Outcome::created ? "created" : outcome == Outcome::existed ? "exists" : "refused";
}

/// Everything that exists, then every step with its result.
void each(const Plan& plan, std::span<const StepResult> results,
          const std::function<void(const std::string&, const std::string&, Outcome, const std::string&)>& tell) {
  for (const auto& [stream, group] : plan.existing) tell(stream, group, Outcome::existed, "");
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    tell(plan.steps[i].stream, plan.steps[i].group, results[i].outcome, results[i].reason);
  }
}

}  // namespace

std::string provision_text(const Plan& plan, std::span<const StepResult> results, bool by_default) {
  std::string text;
  each(plan, results, [&](const auto& stream, const auto& group, Outcome outcome, const auto& /*reason*/) {
    text.append(word_for(outcome)).append(outcome == Outcome::existed ? "   " : "  ");
    text.append(group.empty() ? shown(stream) : shown_group(stream, group));
    if (outcome == Outcome::created && by_default) text.append("  (of the built-in topology)");
    text.append("\n");
  });
  return text;
}

std::string provision_json(const Plan& plan, std::span<const StepResult> results, bool by_default) {
  namespace json = boost::json;
  std::string lines;
  each(plan, results, [&](const auto& stream, const auto& group, Outcome outcome, const auto& reason) {
    const json::object object{
        {"stream", json_text(stream)},
        {"group", group.empty() ? json::value(nullptr) : json::value(json_text(group))},
        {"outcome", word_for(outcome)},
        {"reason", reason.empty() ? json::value(nullptr) : json::value(json_text(reason))},
        {"by_default", by_default},
    };
    lines.append(json::serialize(object)).append("\n");
  });
  return lines;
}

std::string refusal_text(const Step& step, const StepResult& result) {
  const auto what = step.group.empty() ? shown(step.stream) : shown_group(step.stream, step.group);
  const std::string right = step.group.empty() ? "+xadd" : "+xgroup|create";
  const bool lacks_right = result.reason.starts_with("this login");
  return "could not create " + what + ": " + result.reason +
         (lacks_right ? "; grant it " + right + " on the key, and run this again"
                      : "; run this again when that is over");
}

}  // namespace outboxd::streams
