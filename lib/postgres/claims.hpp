// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/layout.hpp"
#include "postgres/look_ahead.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace outboxd::postgres {

/// Claims rows, and finds its way around single rows that Postgres refuses to hand out: one that a trigger or a
/// constraint objects to is left aside for a while, one that can't be read is declared dead. Rows of a claim whose
/// answer was lost are given back by the next one. Blocks; not thread-safe.
class Claims {
 public:
  /// Throws what libpqxx throws; a single row's trouble is in the result.
  dispatch::ClaimedRows claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                              const dispatch::ClaimRequest& request);

 private:
  struct Call {
    Statements& statements;
    const Layout& layout;
    const LayoutTerms& terms;
    const dispatch::ClaimRequest& request;
  };

  dispatch::ClaimedRows claim_due(const Call& call);
  dispatch::ClaimedRows claim_next(const Call& call);
  dispatch::ClaimedRows claim_ahead(const Call& call);
  void look_ahead(const Call& call);
  void give_back_what_does_not_fit(const Call& call, dispatch::ClaimedRows& claimed);
  template <typename... Ids>
  dispatch::ClaimedRows claim_by(const Call& call, const std::string& statement, const Ids&... ids);
  dispatch::ClaimedRows claim_around(const Call& call);
  void free_unknown_leases(const Call& call);
  dispatch::RefusedRow set_aside(const Call& call, const std::string& id, const std::string& reason);
  [[nodiscard]] std::vector<std::string> ids_aside() const;

  /// A claim failed, and may have been carried out all the same.
  bool in_doubt_ = false;
  struct Lease {
    std::string end;
    std::chrono::steady_clock::time_point forget_at;
  };
  /// Leases that we know of, the oldest first: there may be many thousands.
  std::deque<Lease> leases_;
  /// The last claim found as much as it asked for.
  bool last_was_full_ = false;
  LookAhead ahead_;
  /// How many rows the next claim may take, as more of them would not have fitted into the last one.
  std::uint32_t fitting_ = UINT32_MAX;
  /// Of the claim at hand: rows whose payloads were more than a batch holds.
  std::vector<std::string> kept_back_;
  /// Rows that could not be claimed, and until when they are left alone.
  std::map<std::string, std::chrono::steady_clock::time_point> aside_;
};

}  // namespace outboxd::postgres
