// SPDX-License-Identifier: Apache-2.0
#include "postgres/claim_answer.hpp"

#include "entry/encoder.hpp"
#include "postgres/by_halves.hpp"
#include "postgres/error_text.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace outboxd::postgres {
namespace {

/// The columns of a claim's answer; see Layout::claim.
enum Column {
  kId,
  kStream,
  kPayload,
  kAttempt,
  kLease,
  kClaimedAt,
  kPayloadBytes,
  kDedupeKey,
  kToRead,
  kIdBytes,
  kStreamBytes,
  kDedupeBytes,
  kPlace
};

constexpr std::size_t kMostBuried = 50;

std::optional<std::uint64_t> bytes_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return std::stoull(text_of(field));
}

/// Attempts are an integer that others may have set to anything, triggers of the table's among them.
std::uint32_t attempt_of(const pqxx::field& field) {
  if (field.is_null()) return 0;
  return static_cast<std::uint32_t>(std::max(0LL, std::stoll(text_of(field))));
}

Row read_row(const pqxx::row& line, std::uint64_t max_payload_bytes) {
  Row row;
  row.id = text_of(line[kId]);
  row.stream = text_of(line[kStream]);
  row.payload_json = text_of(line[kPayload]);
  row.attempt = attempt_of(line[kAttempt]);
  row.dedupe_key = optional_text_of(line[kDedupeKey]);
  row.overlong_stream = bytes_of(line[kStreamBytes]);
  row.overlong_dedupe_key = bytes_of(line[kDedupeBytes]);
  const auto bytes = bytes_of(line[kPayloadBytes]);
  if (bytes > max_payload_bytes) row.oversize_bytes = bytes;
  return row;
}

constexpr std::string_view kNotOurs = "-infinity";

/// The lease of most rows, as text: a trigger may write another one than it was to. Empty where it is the one that
/// was to be written.
std::string changed_lease_of(const pqxx::result& result) {
  std::map<std::string, std::size_t> counts;
  for (const auto& line : result) {
    if (line[kId].is_null() || line[kToRead].is_null()) continue;
    if (auto lease = text_of(line[kLease]); lease != kNotOurs) ++counts[std::move(lease)];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  return most == counts.end() ? std::string{} : most->first;
}

dispatch::RefusedRow bury(Statements& statements, const Layout& layout, const pqxx::row& line,
                          const std::string& lease) {
  dispatch::RefusedRow row{text_of(line[kId]) + "…", entry::name_refusal("id", *bytes_of(line[kIdBytes])), true};
  try {
    const auto found = exec(statements, layout.bury_nameless, text_of(line[kPlace]),
                            storable_error(row.reason, statements.takes_unicode()), lease);
    if (affected_rows(found) > 0) return row;
    row.reason += "; it can't be declared dead: another session has changed it";
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(statements, error);
    row.reason += "; it can't be declared dead: " + message_of(error);
  }
  row.dead = false;
  return row;
}

/// Of the rows that were locked, those that the UPDATE did not change.
void add_unwritten(NotHandedOut& others, std::vector<std::string> locked, const pqxx::result& result) {
  std::unordered_set<std::string_view> changed;
  for (const auto& line : result) {
    if (!line[kId].is_null() && !line[kToRead].is_null()) changed.insert(view_of(line[kId]));
  }
  for (auto& id : locked) {
    if (!changed.contains(id)) others.unwritten.push_back(std::move(id));
  }
}

}  // namespace

NotHandedOut read_claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                        const pqxx::result& result, dispatch::ClaimedRows& claimed) {
  NotHandedOut others;
  claimed.claims_count = layout.claims_count;
  claimed.claimed_at = text_of(result[0][kClaimedAt]);
  claimed.any_due = text_of(result[0][kToRead]) == "t";
  if (row_count(result) == 1) return others;
  const auto changed = changed_lease_of(result);
  claimed.lease = changed.empty() ? text_of(result[0][kLease]) : changed;
  std::vector<std::string> locked;
  claimed.rows.reserve(claimed.rows.size() + row_count(result) - 1);
  for (const auto& line : result) {
    if (line[kId].is_null()) continue;
    const auto to_read = view_of(line[kToRead]);
    if (to_read.empty()) {
      locked.push_back(text_of(line[kId]));
    } else if (view_of(line[kLease]) != changed) {
      if (line[kIdBytes].is_null()) others.unwritten.push_back(text_of(line[kId]));
    } else if (!line[kIdBytes].is_null()) {
      claimed.refused.push_back(bury(statements, layout, line, claimed.lease));
    } else {
      claimed.rows.push_back(read_row(line, terms.max_payload_bytes));
      if (to_read == "t") others.to_read.push_back(claimed.rows.back().id);
    }
  }
  if (!locked.empty()) add_unwritten(others, std::move(locked), result);
  return others;
}

std::uint64_t bytes_of(const Row& row) {
  return row.id.size() + row.stream.size() + row.payload_json.size() + row.dedupe_key.value_or("").size();
}

std::vector<dispatch::RefusedRow> bury_due_nameless(Statements& statements, const Layout& layout) {
  std::vector<dispatch::RefusedRow> dead;
  const auto error = "id is over the limit of " + std::to_string(entry::kMaxNameBytes) + " bytes: use a shorter one";
  try {
    for (const auto& line : exec(statements, layout.bury_due_nameless, kMostBuried, error)) {
      dead.push_back({text_of(line[0]) + "…", entry::name_refusal("id", *bytes_of(line[1])), true});
    }
  } catch (const std::exception& refused) {
    check_it_may_be_a_rows(statements, refused);
  }
  return dead;
}

}  // namespace outboxd::postgres
