// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox_store/command_table.hpp"
#include "outbox_table/replay_sql.hpp"
#include "replay/choice.hpp"
#include "replay/run.hpp"
#include "replay/warnings.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outboxd::replay {

/// The published rows of one dispatcher's table. Only reads. Blocks; throws std::exception with the reason and the
/// remedy.
class PublishedRows final : public RowSource {
 public:
  explicit PublishedRows(const outbox_store::RowStoreOptions& options);

  /// Postgres' clock, by which rows were published.
  [[nodiscard]] Moment now();

  /// Finds out what the choice means: counts its rows, stream by stream, and names ids that it leaves out. Throws if
  /// the table has no row of a stream, or not the row of `after`. From then on only its rows are read.
  [[nodiscard]] Plan plan(const Choice& choice);

  /// Where the first stream begins.
  [[nodiscard]] const std::optional<Place>& first_place() const { return after_; }

  std::vector<Place> next(const std::string& stream, const std::optional<Place>& after) override;
  Batch read(const std::string& stream, std::span<const Place> places) override;

 private:
  using Parameters = std::vector<postgres::Parameter>;

  pqxx::result run(std::string outbox_table::ReplaySql::*statement, const Parameters& parameters);
  [[nodiscard]] Parameters filter_for(const std::string& stream, const std::optional<Place>& after) const;

  void find_streams(Plan& plan);
  /// The streams of the ids, if the choice names none.
  void find_ids(Plan& plan);
  void find_after(Plan& plan);
  void count(Plan& plan);

  outbox_store::CommandTable table_;
  Choice choice_{};
  std::optional<Place> after_{};
};

}  // namespace outboxd::replay
