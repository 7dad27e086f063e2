// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/delivery.hpp"
#include "entry/encoder.hpp"
#include "outbox/row.hpp"
#include "replay/tally.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboxd::replay {

/// A row's place in the order in which rows were published; times as Postgres prints them.
struct Place {
  std::string id;
  std::string published{};
  std::string due{};
  /// Which of several rows with this id: its partition, and its place in it.
  std::string part{};
  std::string place{};
};

/// The rows of a batch.
struct Batch {
  std::vector<Row> rows{};
  /// How many of the batch's places were looked at; the others did not fit into it.
  std::size_t taken = 0;
  /// The ids of those of these rows that are no longer there, or no longer published.
  std::vector<std::string> gone{};
};

/// Where the rows come from. Blocks; throws std::exception with the reason and the remedy.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The places of the next chosen rows of a stream, in their order; none at the end.
  virtual std::vector<Place> next(const std::string& stream, const std::optional<Place>& after) = 0;
  /// The rows at these places, of which at least the first is taken.
  virtual Batch read(const std::string& stream, std::span<const Place> places) = 0;
};

/// Writes entries to Redis, and sets each one's reply. Blocks.
using Sink = std::function<void(std::span<dispatch::Delivery* const>)>;

/// How it goes on from batch to batch.
struct Steps {
  /// Rows a second; 0: as fast as they can be published.
  double rate = 0;
  /// Waits, and returns whether the operator wants it to stop.
  std::function<bool(std::chrono::milliseconds)> stops{};
  /// Called between batches; may be empty.
  std::function<void()> progress{};
};

/// Publishes the chosen rows, stream by stream, in their order. A stream ends at the first entry that Redis refuses;
/// everything ends where Redis or Postgres fail, or the operator stops it. `after`: where the first stream begins.
void replay(RowSource& source, const Sink& sink, entry::Encoder& encoder, const Steps& steps,
            const std::optional<Place>& after, std::span<StreamTally> tallies);

}  // namespace outboxd::replay
