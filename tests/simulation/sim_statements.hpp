// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outbox/batch_room.hpp"
#include "outbox/claim_patience.hpp"
#include "outbox/refusal_search.hpp"
#include "simulation/ledger.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::simulation {

/// The statements of one process' claims and settlements, on a table that refuses some of its rows, or all: the
/// server refuses a statement as a whole. As for the real store, lib/outbox decides which rows are tried next, and
/// which are handed out.
class SimStatements {
 public:
  SimStatements(World& world, Life& life, Ledger& ledger, Milliseconds lease)
      : world_{world}, life_{life}, ledger_{ledger}, lease_{lease} {}

  /// Takes effect at once, and adds its duration to `took`. `passed_over`: rows that no claim sees.
  dispatch::StoreResult<dispatch::ClaimedRows> claim(const dispatch::ClaimRequest& request,
                                                     const SimTable::RowFilter& passed_over, Milliseconds& took);
  /// The same; `lost` is true for an outcome that is silently not written.
  dispatch::StoreResult<dispatch::Settled> settle(const dispatch::Settlement& settlement,
                                                  const SimTable::OutcomeFilter& lost, Milliseconds& took);

 private:
  using Why = RefusalSearch::Why;
  using Ids = std::vector<std::string>;

  [[nodiscard]] bool is_refused(const Refusing& refusing) const { return world_.now() < refusing.until; }
  /// Why the server refuses a statement about these rows.
  std::optional<Why> refusal_of(const Ids& ids, Refusing RowFacts::*refusing);
  [[nodiscard]] static bool is_slow(const Why& why);
  static dispatch::RefusedRow refuse(const std::string& id, const Why& why) {
    return {id, why.reason, false, why.cause};
  }

  void claim_part(const Ids& ids, dispatch::ClaimedRows& claimed);
  /// Tries parts of these rows; an error where there was no time for any part.
  std::optional<dispatch::StoreError> claim_in_parts(const Ids& ids, bool whole_failed, Milliseconds time,
                                                     dispatch::ClaimedRows& claimed, Milliseconds& took);
  [[nodiscard]] bool is_ours(const std::string& id, const std::string& lease) const;
  void write(const dispatch::Settlement& settlement, std::span<const Outcome> part,
             const SimTable::OutcomeFilter& lost, dispatch::Settled& settled);

  World& world_;
  Life& life_;
  Ledger& ledger_;
  Milliseconds lease_;
  FittingRows fitting_;
  ClaimPatience patience_;
};

}  // namespace outboxd::simulation
