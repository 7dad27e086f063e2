// SPDX-License-Identifier: Apache-2.0
#include "streams/verdict.hpp"

#include "streams/shown.hpp"

#include <algorithm>

namespace outboxd::streams {
namespace {

using Kind = Finding::Kind;

std::string cannot_be_known(const std::string& what, const std::string& why) {
  return what + " can't be known here: " + why;
}

void judge_stream(const Wanted& wanted, const SeenStream& seen, std::vector<Finding>& findings) {
  const auto add = [&](Kind kind, std::string text) { findings.push_back({kind, wanted.name, "", std::move(text)}); };
  if (seen.kind == SeenStream::Kind::other_type) add(Kind::wrong_type, wrong_type_text(seen));
  if (seen.kind == SeenStream::Kind::unknown) {
    add(Kind::unknown, cannot_be_known("whether " + shown(wanted.name) + " exists", seen.why_unknown));
  }
  if (seen.kind != SeenStream::Kind::stream) return;
  if (wanted.bound && !seen.length) {
    add(Kind::unknown, cannot_be_known("the length of " + shown(wanted.name), seen.why_no_length));
  }
  if (auto over = over_bound(wanted, seen); !over.text.empty()) {
    add(over.is_usual ? Kind::note : Kind::over_bound, std::move(over.text));
  }
}

Finding finding_of(const Step& step, std::span<const SeenStream> seen) {
  const auto what = step.group.empty() ? shown(step.stream) : shown_group(step.stream, step.group);
  if (step.may_exist) {
    const auto of = std::ranges::find(seen, step.stream, &SeenStream::name);
    const auto& why = of->why_unknown.empty() ? of->why_no_groups : of->why_unknown;
    return {Kind::unknown, step.stream, step.group, cannot_be_known("whether " + what + " exists", why)};
  }
  return {Kind::missing, step.stream, step.group, what + " is missing: outboxd streams provision creates it"};
}

}  // namespace

std::vector<Finding> findings_of(std::span<const Wanted> wanted, std::span<const SeenStream> seen, const Plan& plan) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < wanted.size(); ++i) judge_stream(wanted[i], seen[i], findings);
  for (const auto& step : plan.steps) {
    // Of an unknown stream it is enough to say that once.
    const auto of = std::ranges::find(seen, step.stream, &SeenStream::name);
    if (of->kind != SeenStream::Kind::unknown) findings.push_back(finding_of(step, seen));
  }
  std::string differing;
  for (const auto& stream : wanted) {
    if (!stream.declared.maxlen || !stream.cut_to || stream.cut_to->maxlen == *stream.declared.maxlen) continue;
    differing.append(differing.empty() ? "" : ", ").append(shown(stream.name)).append(" (to ");
    differing.append(std::to_string(stream.cut_to->maxlen)).append(", declared is ");
    differing.append(std::to_string(*stream.declared.maxlen)).append(")");
  }
  if (!differing.empty()) {
    findings.push_back({Kind::note, "", "",
                        "dispatchers of this configuration cut these streams to other bounds than are declared: " +
                            differing + "; set topology (or dispatcher.stream_maxlen) in the configuration"});
  }
  std::ranges::stable_sort(findings, {}, &Finding::kind);
  return findings;
}

Verdict verdict_of(std::span<const Finding> findings, std::span<const SeenStream> seen) {
  const bool nothing = std::ranges::all_of(seen, [](const auto& it) { return it.kind == SeenStream::Kind::unknown; });
  if (nothing && !seen.empty()) return Verdict::nothing_known;
  const auto gravest = std::ranges::min_element(findings, {}, &Finding::kind);
  if (gravest == findings.end()) return Verdict::as_declared;
  switch (gravest->kind) {
    case Kind::wrong_type:
      return Verdict::wrong_type;
    case Kind::missing:
      return Verdict::missing;
    case Kind::over_bound:
      return Verdict::over_bound;
    case Kind::unknown: {
      const auto failed = [&](const Finding& finding) {
        const auto of = std::ranges::find(seen, finding.stream, &SeenStream::name);
        return finding.kind == Kind::unknown && of != seen.end() && of->has_failed;
      };
      return std::ranges::any_of(findings, failed) ? Verdict::nothing_known : Verdict::as_declared;
    }
    default:
      return Verdict::as_declared;
  }
}

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::wrong_type:
      return "wrong_type";
    case Kind::missing:
      return "missing";
    case Kind::over_bound:
      return "over_bound";
    case Kind::unknown:
      return "unknown";
    default:
      return "note";
  }
}

}  // namespace outboxd::streams
