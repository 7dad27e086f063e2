// SPDX-License-Identifier: Apache-2.0
#include "replay/run.hpp"

#include "dead_rows/batches.hpp"
#include "dispatch/prepare.hpp"
#include "outbox/token_bucket.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

namespace outboxd::replay {

using dispatch::Delivery;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using End = StreamTally::End;

namespace {

/// The remedy for an error of Redis, by its first word.
std::string remedy_of(std::string_view error) {
  const auto has = [error](std::string_view word) { return error.find(word) != std::string_view::npos; };
  if (has("WRONGTYPE")) return "the key is not a stream: rename or delete it";
  if (has("OOM")) return "Redis is full: raise its maxmemory, or remove what it need not keep";
  if (has("NOPERM")) return "grant this Redis user +xadd on the stream's key";
  if (has("READONLY")) return "this is a replica: name the primary in redis.url";
  return "remove the cause";
}

class ReplayRun {
 public:
  ReplayRun(RowSource& source, const Sink& sink, entry::Encoder& encoder, const Steps& steps)
      : source_{source},
        sink_{sink},
        encoder_{encoder},
        steps_{steps},
        bucket_{std::max(steps.rate, 1.0), static_cast<double>(dead_rows::rows_for(steps.rate))} {}

  /// Returns whether the next stream may be begun.
  bool stream(StreamTally& tally, std::optional<Place> after) {
    tally.end = End::stopped;
    try {
      for (auto places = source_.next(tally.stream, after); !places.empty();
           places = source_.next(tally.stream, after)) {
        for (std::size_t from = 0; from < places.size();) {
          const auto rows = std::min(dead_rows::rows_for(steps_.rate), places.size() - from);
          if (!may_go_on(rows)) {
            tally.why = "interrupted";
            return false;
          }
          from += batch(tally, std::span{places}.subspan(from, rows));
          if (steps_.progress) steps_.progress();
          if (!tally.why.empty()) return may_begin_next_;
        }
        after = places.back();
      }
      tally.end = End::complete;
    } catch (const std::exception& error) {
      tally.why = error.what();
    }
    return tally.end == End::complete;
  }

 private:
  bool may_go_on(std::size_t rows) {
    if (steps_.stops && steps_.stops(milliseconds{0})) return false;
    if (steps_.rate <= 0) return true;
    const auto tokens = static_cast<double>(rows);
    while (bucket_.refill(steady_clock::now()) < tokens) {
      const auto left = bucket_.available_at(tokens) - steady_clock::now();
      const auto wait = std::max(milliseconds{1}, std::chrono::ceil<milliseconds>(left));
      if (steps_.stops && steps_.stops(wait)) return false;
    }
    bucket_.take(tokens);
    return true;
  }

  /// Returns how many of these rows were looked for.
  std::size_t batch(StreamTally& tally, std::span<const Place> places) {
    auto read = source_.read(tally.stream, places);
    for (const auto& id : read.gone) tally.gone.add(id);
    std::vector<Delivery> deliveries;
    for (auto& row : read.rows) deliveries.push_back({.row = std::move(row)});
    // Nobody is told of a payload's unusual names: they were reported when the row was published first.
    dispatch::Observer observer;
    dispatch::prepare(deliveries, encoder_, std::numeric_limits<std::uint32_t>::max(), observer);
    send(deliveries);
    settle(tally, deliveries);
    const auto last = std::ranges::find(places, tally.last, &Place::id);
    if (last != places.end()) tally.last_published = last->published;
    return read.taken;
  }

  /// In the daemon's pipelined writes. After a failure nothing more is sent.
  void send(std::vector<Delivery>& deliveries) {
    std::vector<Delivery*> to_send;
    for (auto& delivery : deliveries) {
      if (delivery.is_to_be_sent()) to_send.push_back(&delivery);
    }
    for (const auto& write : dispatch::writes_of(to_send, false)) {
      sink_(write);
      if (std::ranges::any_of(write, [](const auto* sent) { return sent->reply->fault != Fault::none; })) return;
    }
  }

  void settle(StreamTally& tally, const std::vector<Delivery>& deliveries) {
    for (const auto& delivery : deliveries) {
      // Not sent, as a write before it failed.
      if (!delivery.reply) continue;
      const auto fault = delivery.reply->fault;
      const bool is_ended = !tally.why.empty();
      if (fault == Fault::none) {
        ++tally.published;
        if (is_ended) ++tally.behind;
      } else if (fault == Fault::unanswered) {
        tally.possibly_sent.add(delivery.row.id);
      } else if (fault == Fault::bad_row && !is_ended) {
        tally.unencodable.add(delivery.row.id, delivery.reply->text);
      }
      if (fault != Fault::none && fault != Fault::bad_row && !is_ended) {
        end(tally, delivery);
      } else if (!is_ended) {
        tally.last = delivery.row.id;
      }
    }
  }

  void end(StreamTally& tally, const Delivery& delivery) {
    const auto fault = delivery.reply->fault;
    const auto& text = delivery.reply->text;
    const auto row = "row " + delivery.row.id + ": ";
    may_begin_next_ = false;
    if (fault == Fault::out_of_memory || fault == Fault::redis_unreachable || fault == Fault::redis_login_refused) {
      tally.why = row + text;
    } else if (fault == Fault::unanswered) {
      tally.why = row + text + "; it may be in the stream";
    } else {
      tally.end = End::refused;
      tally.why = row + text + "; " + remedy_of(text);
      // What Redis refuses altogether, it refuses of the other streams as well.
      may_begin_next_ = fault != Fault::redis_unavailable;
    }
  }

  RowSource& source_;
  const Sink& sink_;
  entry::Encoder& encoder_;
  const Steps& steps_;
  TokenBucket bucket_;
  bool may_begin_next_ = true;
};

}  // namespace

void SomeRows::add(const std::string& id, const std::string& reason) {
  if (++rows > 1) return;
  first = id;
  why = reason;
}

Verdict verdict_of(std::span<const StreamTally> tallies, std::uint64_t left_out) {
  bool is_sent = false;
  bool is_complete = true;
  bool is_missing = left_out > 0;
  for (const auto& tally : tallies) {
    if (tally.end == End::refused) return Verdict::refused;
    is_sent = is_sent || tally.published + tally.possibly_sent.rows > 0;
    is_complete = is_complete && tally.end == End::complete;
    is_missing = is_missing || tally.not_published() > 0;
  }
  if (!is_complete) return is_sent ? Verdict::stopped : Verdict::nothing_sent;
  return is_missing ? Verdict::some_not_published : Verdict::done;
}

void replay(RowSource& source, const Sink& sink, entry::Encoder& encoder, const Steps& steps,
            const std::optional<Place>& after, std::span<StreamTally> tallies) {
  ReplayRun run{source, sink, encoder, steps};
  bool is_first = true;
  for (auto& tally : tallies) {
    if (!run.stream(tally, is_first ? after : std::nullopt)) return;
    is_first = false;
  }
}

}  // namespace outboxd::replay
