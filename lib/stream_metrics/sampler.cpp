// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/sampler.hpp"

#include "telemetry/by_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <span>
#include <utility>

namespace outboxd::stream_metrics {

namespace asio = boost::asio;

namespace {

// Answers are read between the batches of dispatchers, so those of one exchange must not take long.
constexpr std::size_t kStreamsAtOnce = 25;
constexpr std::size_t kGroupsAtOnce = 100;
// Of the first and last entries of all streams together. Where they are larger, the largest are read once an hour.
constexpr std::size_t kMostBytesOfEntries = 4UL << 20U;
constexpr int kSamplesUntilStale = 3;
constexpr std::string_view kNotYet = "not_sampled";

}  // namespace

Watched watched(std::vector<streams::Wanted> streams) {
  const auto all = streams.size();
  std::erase_if(streams, [](const auto& stream) { return !telemetry::is_label(stream.name); });
  if (streams.size() > kMostStreams) streams.resize(kMostStreams);
  const auto left_out = all - streams.size();
  return {.streams = std::move(streams), .left_out = left_out};
}

Sampler::Sampler(const asio::any_io_executor& executor, SamplerOptions options, Watched watched, Page& page)
    : options_{std::move(options)},
      page_{page},
      shown_{page.add({.redis = options_.endpoint.shown,
                       .dispatchers = options_.dispatchers,
                       .most_age = kSamplesUntilStale * options_.interval + options_.timeout})},
      asker_{executor, options_.endpoint},
      timer_{executor} {
  use(std::move(watched));
}

void Sampler::use(Watched watched) {
  if (!shown_.taken) {
    shown_.latest.streams.clear();
    for (const auto& stream : watched.streams) shown_.latest.streams.push_back(unknown_sample(stream, kNotYet));
  }
  shown_.latest.streams_left_out = watched.left_out;
  std::set<std::string> names;
  for (const auto& stream : watched.streams) names.insert(stream.name);
  std::erase_if(histories_, [&names](const auto& history) { return !names.contains(history.first); });
  watched_ = std::make_shared<const Watched>(std::move(watched));
  page_.changed();
}

void Sampler::stop() {
  stopped_ = true;
  timer_.cancel();
  asker_.close();
}

asio::awaitable<void> Sampler::run() {
  while (!stopped_) {
    co_await sample();
    if (stopped_) break;
    timer_.expires_after(options_.interval);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Sampler::sample() {
  if (options_.before_sample) options_.before_sample();
  const auto began = std::chrono::steady_clock::now();
  const auto watched = watched_;
  Sample sample;
  sample.streams_left_out = watched->left_out;
  std::string failure;
  try {
    failure = co_await read(*watched, sample);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (stopped_) co_return;
  if (!failure.empty()) {
    asker_.close();
    failed(failure);
  } else {
    took(std::move(sample), began);
  }
  page_.changed();
  // Here rather than in the next scrape, which is to cost little.
  (void)page_.text();
}

asio::awaitable<std::string> Sampler::read(const Watched& watched, Sample& sample) {
  const auto refusal = co_await asker_.begin(options_.connect_timeout, options_.timeout);
  if (refusal || stopped_) co_return refusal.value_or("");
  const auto server = co_await asker_.ask(server_commands());
  if (!server.failure.empty() || stopped_) co_return server.failure;
  sample.server = read_server(server.values);
  std::vector<StreamAnswers> answers;
  auto failure = co_await read_streams(watched, answers);
  if (!failure.empty() || stopped_) co_return failure;
  sample.groups_left_out = leave_out_groups(watched.streams, answers);
  failure = co_await read_pending(answers);
  if (!failure.empty() || stopped_) co_return failure;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto& stream = watched.streams[i];
    sample.streams.push_back(sample_of(stream, answers[i], histories_[stream.name], sample.server.exact_counters));
  }
  co_return "";
}

asio::awaitable<std::string> Sampler::read_streams(const Watched& watched, std::vector<StreamAnswers>& answers) {
  std::vector<SizedAnswer> entries;
  const auto& all = watched.streams;
  for (std::size_t begin = 0; begin < all.size(); begin += kStreamsAtOnce) {
    const auto end = std::min(all.size(), begin + kStreamsAtOnce);
    std::vector<Command> commands;
    for (auto i = begin; i < end; ++i) {
      auto more = streams::look_commands(all[i].name, streams::Detail::everything);
      std::ranges::move(more, std::back_inserter(commands));
    }
    const auto of_each = commands.size() / (end - begin);
    const auto got = co_await asker_.ask(commands);
    if (!got.failure.empty() || stopped_) co_return got.failure;
    for (std::size_t i = 0; i < got.values.size(); ++i) {
      entries.push_back({.command = std::move(commands[i]), .bytes = size_of(got.values[i])});
    }
    for (auto i = begin; i < end; ++i) {
      answers.push_back(read_answers(all[i].name, std::span{got.values}.subspan((i - begin) * of_each, of_each)));
    }
  }
  for (const auto& command : over_budget(std::move(entries), kMostBytesOfEntries)) {
    asker_.known_errors().note(command, over_bounds(), std::chrono::steady_clock::now());
  }
  co_return "";
}

asio::awaitable<std::string> Sampler::read_pending(std::vector<StreamAnswers>& answers) {
  std::vector<Command> commands;
  std::vector<streams::SeenGroup*> groups;
  for (auto& stream : answers) {
    if (!stream.seen.groups) continue;
    for (auto& group : *stream.seen.groups) {
      if (group.group.pending == 0) continue;
      commands.push_back(pending_command(stream.seen.name, group.group.name));
      groups.push_back(&group);
    }
  }
  for (std::size_t begin = 0; begin < commands.size(); begin += kGroupsAtOnce) {
    const auto end = std::min(commands.size(), begin + kGroupsAtOnce);
    std::vector<Command> some{commands.begin() + static_cast<std::ptrdiff_t>(begin),
                              commands.begin() + static_cast<std::ptrdiff_t>(end)};
    const auto got = co_await asker_.ask(std::move(some));
    if (!got.failure.empty() || stopped_) co_return got.failure;
    for (auto i = begin; i < end; ++i) {
      const auto entries = redis::read_pending(got.values[i - begin]);
      if (!entries.empty()) groups[i]->oldest_pending = entries.front();
    }
  }
  co_return "";
}

void Sampler::took(Sample sample, TimePoint began) {
  shown_.latest = std::move(sample);
  shown_.latest.streams_left_out = watched_->left_out;
  shown_.taken = std::chrono::steady_clock::now();
  shown_.taken_at = std::chrono::system_clock::now();
  shown_.took = std::chrono::duration_cast<std::chrono::milliseconds>(*shown_.taken - began);
  if (std::exchange(is_failing_, false) && options_.failing) options_.failing("");
}

void Sampler::failed(const std::string& reason) {
  ++shown_.failures;
  if (!std::exchange(is_failing_, true) && options_.failing) options_.failing(reason);
}

}  // namespace outboxd::stream_metrics
