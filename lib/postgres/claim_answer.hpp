// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/ports.hpp"
#include "postgres/layout.hpp"
#include "postgres/statements.hpp"

#include <string>
#include <vector>

namespace outboxd::postgres {

/// Rows of a claim that were not handed out, by their ids.
struct NotHandedOut {
  /// They are more than a batch holds.
  std::vector<std::string> kept_back;
  /// They were locked, but the lease was not written.
  std::vector<std::string> unwritten;
};

/// Reads what a claim's statement has returned into `claimed`.
///
/// A row whose id is too long to name it by can't be settled like others: it is declared dead at once, and is among
/// the refused. Blocks; throws what libpqxx throws where the connection no longer works.
[[nodiscard]] NotHandedOut read_claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                                      const pqxx::result& result, dispatch::ClaimedRows& claimed);

/// Declares due rows dead that are named by ids too long to compare them, a few at a time; returns them. Blocks;
/// throws what libpqxx throws where the connection no longer works.
[[nodiscard]] std::vector<dispatch::RefusedRow> bury_due_nameless(Statements& statements, const Layout& layout);

}  // namespace outboxd::postgres
