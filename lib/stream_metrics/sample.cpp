// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/sample.hpp"

#include "telemetry/by_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace outboxd::stream_metrics {
namespace {

using streams::SeenStream;

constexpr std::string_view kNoStream = "no_such_stream";
constexpr std::string_view kNoGroup = "no_such_group";
constexpr std::string_view kNoBound = "no_bound";

redis::Figure unknown(std::string_view why) {
  return {.number = {}, .word = why};
}

bool declares(const streams::Wanted& wanted, const std::string& group) {
  return std::ranges::find(wanted.declared.groups, group, &topology::Group::name) != wanted.declared.groups.end();
}

GroupSample unknown_group(const std::string& name, std::string_view why) {
  return {.name = name, .lag = unknown(why), .at_risk = unknown(why), .trimmed_unread = unknown(why)};
}

StreamSample basics_of(const streams::Wanted& wanted) {
  StreamSample sample{.name = wanted.name, .is_dead_letter = wanted.declared.dead_letter};
  sample.bound = wanted.cut_to ? std::optional{wanted.cut_to->maxlen} : wanted.bound;
  return sample;
}

redis::Figure at_risk(const streams::Wanted& wanted, const redis::Figure& lag, std::optional<std::uint64_t> length) {
  if (!wanted.cut_to) return unknown(kNoBound);
  return length ? redis::unread_at_risk(lag, *length, wanted.cut_to->maxlen) : unknown(lag.word);
}

GroupSample group_sample(const streams::Wanted& wanted, const StreamAnswers& answers, const streams::SeenGroup& seen,
                         GroupHistory& history, bool exact_counters) {
  GroupSample group{.name = seen.group.name, .pending = seen.group.pending, .consumers = seen.group.consumers};
  if (answers.seen.info) {
    auto judged = history.judge(*answers.seen.info, seen.group, exact_counters);
    group.lag = std::move(judged.lag);
    group.trimmed_unread = std::move(judged.lost);
  } else {
    group.lag = group.trimmed_unread = unknown(answers.why_no_info);
  }
  group.at_risk = at_risk(wanted, group.lag, answers.seen.length);
  group.lost_total = history.lost_total();
  if (seen.group.pending == 0) {
    group.oldest_pending_idle = std::chrono::milliseconds{0};
  } else if (seen.oldest_pending) {
    group.oldest_pending_idle = seen.oldest_pending->idle;
  }
  return group;
}

void add_missing_groups(const streams::Wanted& wanted, std::string_view why, StreamHistory& history,
                        StreamSample& sample) {
  for (const auto& declared : wanted.declared.groups) {
    const bool is_there = std::ranges::find(sample.groups, declared.name, &GroupSample::name) != sample.groups.end();
    // An optional group need not exist, but where groups can't be seen it may.
    if (is_there || (declared.optional && why == kNoGroup) || !telemetry::is_label(declared.name)) continue;
    auto& group = sample.groups.emplace_back(unknown_group(declared.name, why));
    auto& known = history.group(declared.name);
    known.begin_again();
    group.lost_total = known.lost_total();
  }
}

}  // namespace

StreamAnswers read_answers(const std::string& stream, std::span<const redis::Value> answers) {
  StreamAnswers read{.seen = streams::read_stream(stream, answers)};
  const bool is_missing = read.seen.kind == SeenStream::Kind::missing;
  if (is_missing) read.seen.length = 0;
  if (read.seen.kind == SeenStream::Kind::other_type) {
    read.why_no_info = read.why_no_groups = "wrong_type";
    return read;
  }
  if (!read.seen.info) read.why_no_info = is_missing ? kNoStream : word_of(answers[3]);
  if (!read.seen.groups) read.why_no_groups = is_missing ? kNoStream : word_of(answers[2]);
  // An answer that is neither an error nor the one of Redis.
  if (!read.seen.info && read.why_no_info.empty()) read.why_no_info = "failed";
  if (!read.seen.groups && read.why_no_groups.empty()) read.why_no_groups = "failed";
  return read;
}

std::size_t leave_out_groups(std::span<const streams::Wanted> wanted, std::span<StreamAnswers> answers) {
  std::size_t left_out = 0;
  std::size_t room = kMostGroups;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto& groups = answers[i].seen.groups;
    if (!groups) continue;
    const auto all = groups->size();
    std::erase_if(*groups, [](const auto& group) { return !telemetry::is_label(group.group.name); });
    const auto is_declared = [&](const auto& group) { return declares(wanted[i], group.group.name); };
    // Not of std::ranges, whose subrange clang 14 does not compile.
    std::stable_partition(groups->begin(), groups->end(), is_declared);
    if (const auto most = std::min(room, kMostGroupsOfStream); groups->size() > most) {
      groups->erase(groups->begin() + static_cast<std::ptrdiff_t>(most), groups->end());
    }
    room -= groups->size();
    left_out += all - groups->size();
  }
  return left_out;
}

Command pending_command(const std::string& stream, const std::string& group) {
  return {"XPENDING", stream, group, "-", "+", "1"};
}

StreamSample sample_of(const streams::Wanted& wanted, const StreamAnswers& answers, StreamHistory& history,
                       bool exact_counters) {
  const auto& seen = answers.seen;
  auto sample = basics_of(wanted);
  sample.length = seen.length;
  sample.memory = seen.memory;
  sample.why_unknown = answers.why_no_info;
  if (seen.kind == SeenStream::Kind::missing) {
    history.note_missing();
    sample.entries_added = sample.memory = 0;
  }
  if (seen.info) {
    history.note(*seen.info);
    sample.entries_added = seen.info->entries_added;
    if (seen.info->last_generated) {
      sample.last_id = std::chrono::milliseconds{seen.info->last_generated->milliseconds};
    }
  }
  sample.went_back = history.went_back();
  if (seen.groups) {
    for (const auto& group : *seen.groups) {
      auto& of_group = history.group(group.group.name);
      sample.groups.push_back(group_sample(wanted, answers, group, of_group, exact_counters));
    }
    history.forget_groups(
        [&](const std::string& name) { return seen.group(name) == nullptr && !declares(wanted, name); });
  }
  add_missing_groups(wanted, seen.groups ? kNoGroup : answers.why_no_groups, history, sample);
  return sample;
}

StreamSample unknown_sample(const streams::Wanted& wanted, std::string_view why) {
  StreamHistory none;
  auto sample = basics_of(wanted);
  sample.why_unknown = why;
  add_missing_groups(wanted, why, none, sample);
  return sample;
}

StreamSample without_figures(StreamSample sample, std::string_view why) {
  sample.length = sample.entries_added = sample.memory = std::nullopt;
  sample.last_id.reset();
  sample.why_unknown = why;
  for (auto& group : sample.groups) {
    const auto lost_total = group.lost_total;
    group = unknown_group(group.name, why);
    group.lost_total = lost_total;
  }
  return sample;
}

}  // namespace outboxd::stream_metrics
