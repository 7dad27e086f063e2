// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "outbox/batch_room.hpp"
#include "outbox/claim_patience.hpp"
#include "outbox/claim_window.hpp"
#include "outbox/low_water_mark.hpp"
#include "outbox_store/bisect.hpp"
#include "outbox_table/layout.hpp"
#include "postgres/statements.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace outboxd::outbox_store {

/// Due rows that were found below the mark from which claims look.
struct Overlooked {
  /// Beyond this number rows are dropped, and a later scan finds them again.
  static constexpr std::size_t kMost = 20'000;

  /// Rows to be claimed by their ids.
  std::vector<std::string> ids{};
  /// Many rows are due from this time on; empty: there are few.
  std::string many_from{};
  /// How long the last sweep of everything below the mark took, if there was one.
  std::optional<std::chrono::steady_clock::duration> swept{};

  /// Each id is kept once, as each scan finds the same rows while none is claimed.
  void add(const std::vector<std::string>& more);
  void add(Overlooked found);
};

/// Claims rows, and works around single rows that Postgres refuses to lease: they are found, and their neighbours are
/// claimed. A row that can't be read is declared dead. If the answer to a claim was lost, the next claim gives its
/// rows back. Blocks; not thread-safe.
class Claims {
 public:
  /// `table`: its name for messages. Throws libpqxx's exceptions where the connection no longer works, or where there
  /// was no time to try a row alone.
  dispatch::ClaimedRows claim(postgres::Statements& statements, const outbox_table::Layout& layout,
                              const outbox_table::LayoutTerms& terms, const dispatch::ClaimRequest& request,
                              const std::string& table);

  /// The last claim failed only with errors that another connection, perhaps to another server, may not have.
  [[nodiscard]] bool wants_new_connection() const { return wants_new_connection_; }

  /// Makes the next claims take these rows as well as rows that were handed over before.
  void hand_over(Overlooked overlooked);
  /// To be called for a new connection, of which nothing is known.
  void forget_the_mark() { mark_.forget(); }
  /// The due time from which claims look; empty: from the start.
  [[nodiscard]] std::string mark() const { return mark_.in_use() ? mark_.begin() : std::string{}; }

 private:
  struct Call {
    postgres::Statements& statements;
    const outbox_table::Layout& layout;
    const outbox_table::LayoutTerms& terms;
    const dispatch::ClaimRequest& request;
    const std::string& table;
    std::chrono::steady_clock::time_point began;
  };
  struct Unreadable {
    std::string id;
    RefusalSearch::Why why;
  };
  struct Failure {
    std::string cause;
    std::exception_ptr error;
  };

  dispatch::ClaimedRows claim_due(const Call& call);
  dispatch::ClaimedRows claim_any(const Call& call);
  dispatch::ClaimedRows claim_overlooked(const Call& call);
  dispatch::ClaimedRows claim_next(const Call& call);
  /// As claim_by, from the mark on: `others` are the ids of rows to leave out, if the statement takes any.
  template <typename... Others>
  dispatch::ClaimedRows claim_from_mark(const Call& call, const std::string& statement, const Others&... others);
  dispatch::ClaimedRows claim_ahead(const Call& call);
  void claim_window(const Call& call);
  struct PayloadsRead {
    /// Unreadable rows, and all rows from the first one on for which the batch has no room.
    WithheldRows withheld;
    std::vector<Unreadable> unreadable;
  };
  /// Reads the payloads that did not come with the claim, for `ids`, among the rows from `begin` on.
  PayloadsRead read_payloads(const Call& call, dispatch::ClaimedRows& claimed, std::size_t begin,
                             const std::vector<std::string>& ids);
  void give_back(const Call& call, dispatch::ClaimedRows& claimed, const WithheldRows& withheld);
  template <typename... Ids>
  dispatch::ClaimedRows claim_by(const Call& call, const std::string& statement, const Ids&... ids);
  /// Returns the ids of rows that were locked, but whose content is not what was written.
  template <typename... Ids>
  std::vector<std::string> claim_into(dispatch::ClaimedRows& claimed, const Call& call, const std::string& statement,
                                      std::size_t limit, const Ids&... ids);
  std::vector<std::string> claim_these(dispatch::ClaimedRows& claimed, const Call& call,
                                       const std::vector<std::string>& ids);
  void claim_unwritten(dispatch::ClaimedRows& claimed, const Call& call, const std::vector<std::string>& ids);
  dispatch::ClaimedRows claim_bisecting(const Call& call, const Failure& failure);
  dispatch::ClaimedRows claim_one_by_one(const Call& call, const std::vector<std::string>& ids,
                                         const Failure* failure,
                                         std::chrono::milliseconds time = RefusalSearch::kPartTimeout);
  /// Claims rows by their ids; a row that timed out alone before has its turn alone, as ClaimPatience has it.
  dispatch::ClaimedRows claim_by_name(const Call& call);
  std::optional<dispatch::ClaimedRows> claim_with_patience(const Call& call, std::chrono::milliseconds most);
  void leave_out(const std::vector<std::string>& streams);
  void release_orphaned_leases(const Call& call);
  dispatch::RefusedRow refuse(const Call& call, const std::string& id, const RefusalSearch::Why& why);

  /// A claim failed, but may have been carried out.
  bool in_doubt_ = false;
  struct Lease {
    std::string end;
    std::chrono::steady_clock::time_point forget_at;
  };
  /// The known leases, the oldest first: there may be many thousands.
  std::deque<Lease> leases_;
  /// The last claim found as many rows as it asked for.
  bool last_was_full_ = false;
  ClaimWindow ahead_;
  /// The streams that the last claim was to leave out.
  std::vector<std::string> except_streams_;
  LowWaterMark mark_;
  /// Ids of rows below the mark.
  std::deque<std::string> overlooked_;
  FittingRows fitting_;
  /// Rows leased by the current claim that are not handed out, as their payloads exceed what a batch holds.
  std::vector<std::string> withheld_;
  /// When to look again for rows whose ids are too long.
  std::chrono::steady_clock::time_point mark_dead_at_{};
  bool wants_new_connection_ = false;
  ClaimPatience patience_;
};

}  // namespace outboxd::outbox_store
