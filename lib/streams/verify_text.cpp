// SPDX-License-Identifier: Apache-2.0
#include "streams/verify_text.hpp"

#include "streams/json.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace outboxd::streams {

std::string verify_text(std::span<const Finding> findings, const Plan& plan) {
  std::string text;
  for (const auto& finding : findings) {
    const bool is_failure = finding.kind < Finding::Kind::unknown;
    text.append(is_failure ? "FAIL: " : "note: ").append(finding.text).append("\n");
  }
  const auto streams = std::ranges::count_if(plan.existing, [](const auto& it) { return it.group.empty(); });
  const auto groups = static_cast<std::ptrdiff_t>(plan.existing.size()) - streams;
  text += std::to_string(streams) + " declared streams and " + std::to_string(groups) + " declared groups exist";
  return text + (plan.steps.empty() && plan.problems.empty() ? "; provisioning would change nothing\n" : "\n");
}

std::string verify_json(std::span<const Finding> findings) {
  namespace json = boost::json;
  const auto name = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(json_text(text));
  };
  std::string lines;
  for (const auto& finding : findings) {
    const json::object object{{"finding", to_string(finding.kind)},
                              {"failure", finding.kind < Finding::Kind::unknown},
                              {"stream", name(finding.stream)},
                              {"group", name(finding.group)},
                              {"text", json_text(finding.text)}};
    lines.append(json::serialize(object)).append("\n");
  }
  return lines;
}

}  // namespace outboxd::streams
