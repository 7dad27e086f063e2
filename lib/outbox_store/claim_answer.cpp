// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/claim_answer.hpp"

#include "entry/encoder.hpp"
#include "outbox_store/bisect.hpp"
#include "postgres/error_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using outbox_table::LayoutTerms;
using postgres::affected_rows;
using postgres::exec;
using postgres::message_of;
using postgres::optional_text_of;
using postgres::row_count;
using postgres::sanitize_last_error;
using postgres::Statements;
using postgres::text_of;
using postgres::view_of;

namespace {

/// The positions of Layout::claim's columns in a result: looked up once, as there may be many lines.
struct Columns {
  using Number = pqxx::row::size_type;

  explicit Columns(const pqxx::result& answer)
      : id{answer.column_number("id")},
        stream{answer.column_number("stream")},
        payload{answer.column_number("payload")},
        attempt{answer.column_number("attempt")},
        lease{answer.column_number("lease")},
        claimed_at{answer.column_number("claimed_at")},
        any_due{answer.column_number("any_due")},
        payload_bytes{answer.column_number("payload_bytes")},
        dedupe_key{answer.column_number("dedupe_key")},
        to_read{answer.column_number("to_read")},
        id_bytes{answer.column_number("id_bytes")},
        stream_bytes{answer.column_number("stream_bytes")},
        dedupe_key_bytes{answer.column_number("dedupe_key_bytes")},
        place{answer.column_number("place")},
        waited_ms{answer.column_number("waited_ms")} {}

  Number id;
  Number stream;
  Number payload;
  Number attempt;
  Number lease;
  Number claimed_at;
  Number any_due;
  Number payload_bytes;
  Number dedupe_key;
  Number to_read;
  Number id_bytes;
  Number stream_bytes;
  Number dedupe_key_bytes;
  Number place;
  Number waited_ms;
};

constexpr std::size_t kMostBuried = 50;

std::optional<std::uint64_t> bytes_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return std::stoull(text_of(field));
}

/// Attempts are an integer to which any program, or a trigger of the table, may have given any value.
std::uint32_t attempt_of(const pqxx::field& field) {
  if (field.is_null()) return 0;
  return static_cast<std::uint32_t>(std::max(0LL, std::stoll(text_of(field))));
}

Row read_row(const pqxx::row& line, const Columns& at, std::uint64_t max_payload_bytes) {
  Row row;
  row.id = text_of(line[at.id]);
  row.stream = text_of(line[at.stream]);
  row.payload_json = text_of(line[at.payload]);
  row.attempt = attempt_of(line[at.attempt]);
  row.dedupe_key = optional_text_of(line[at.dedupe_key]);
  row.overlong_stream = bytes_of(line[at.stream_bytes]);
  row.overlong_dedupe_key = bytes_of(line[at.dedupe_key_bytes]);
  const auto bytes = bytes_of(line[at.payload_bytes]);
  if (const auto waited = view_of(line[at.waited_ms]); !waited.empty()) {
    std::int64_t millis = 0;
    std::from_chars(waited.data(), waited.data() + waited.size(), millis);
    row.waited = std::chrono::milliseconds{millis};
  }
  if (bytes > max_payload_bytes) row.oversize_bytes = bytes;
  return row;
}

constexpr std::string_view kNotOurs = "-infinity";

/// The lease of most rows, as text: a trigger may have written another one than was asked for. Empty where it is the
/// one that was asked for.
std::string changed_lease_of(const pqxx::result& result, const Columns& at) {
  std::map<std::string, std::size_t> counts;
  for (const auto& line : result) {
    if (line[at.id].is_null() || line[at.to_read].is_null()) continue;
    if (auto lease = text_of(line[at.lease]); lease != kNotOurs) ++counts[std::move(lease)];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  return most == counts.end() ? std::string{} : most->first;
}

dispatch::RefusedRow mark_dead(Statements& statements, const Layout& layout, const pqxx::row& line, const Columns& at,
                               const std::string& lease) {
  dispatch::RefusedRow row{text_of(line[at.id]) + "…", entry::name_refusal("id", *bytes_of(line[at.id_bytes])), true};
  try {
    const auto found = exec(statements, layout.mark_nameless_dead, text_of(line[at.place]),
                            sanitize_last_error(row.reason, statements.takes_unicode()), lease);
    if (affected_rows(found) > 0) return row;
    row.reason += "; it can't be declared dead: another session has changed it";
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(statements, error);
    row.reason += "; it can't be declared dead: " + message_of(error);
  }
  row.dead = false;
  return row;
}

/// The locked rows that the UPDATE did not change.
void add_unwritten(NotHandedOut& others, std::vector<std::string> locked, const pqxx::result& result,
                   const Columns& at) {
  std::unordered_set<std::string_view> changed;
  for (const auto& line : result) {
    if (!line[at.id].is_null() && !line[at.to_read].is_null()) changed.insert(view_of(line[at.id]));
  }
  for (auto& id : locked) {
    if (!changed.contains(id)) others.unwritten.push_back(std::move(id));
  }
}

}  // namespace

NotHandedOut read_claim(Statements& statements, const Layout& layout, const LayoutTerms& terms,
                        const pqxx::result& result, dispatch::ClaimedRows& claimed) {
  NotHandedOut others;
  const Columns at{result};
  claimed.claims_count = layout.claims_count;
  claimed.claimed_at = text_of(result[0][at.claimed_at]);
  claimed.any_due = text_of(result[0][at.any_due]) == "t";
  if (row_count(result) == 1) return others;
  const auto changed = changed_lease_of(result, at);
  claimed.lease = changed.empty() ? text_of(result[0][at.lease]) : changed;
  std::vector<std::string> locked;
  claimed.rows.reserve(claimed.rows.size() + row_count(result) - 1);
  for (const auto& line : result) {
    if (line[at.id].is_null()) continue;
    const auto to_read = view_of(line[at.to_read]);
    if (to_read.empty()) {
      locked.push_back(text_of(line[at.id]));
    } else if (view_of(line[at.lease]) != changed) {
      if (line[at.id_bytes].is_null()) others.unwritten.push_back(text_of(line[at.id]));
    } else if (!line[at.id_bytes].is_null()) {
      claimed.refused.push_back(mark_dead(statements, layout, line, at, claimed.lease));
    } else {
      claimed.rows.push_back(read_row(line, at, terms.max_payload_bytes));
      if (to_read == "t") others.to_read.push_back(claimed.rows.back().id);
    }
  }
  if (!locked.empty()) add_unwritten(others, std::move(locked), result, at);
  return others;
}

std::vector<dispatch::RefusedRow> mark_due_nameless_dead(Statements& statements, const Layout& layout) {
  std::vector<dispatch::RefusedRow> dead;
  const auto error = "id is over the limit of " + std::to_string(entry::kMaxNameBytes) + " bytes: use a shorter one";
  try {
    for (const auto& line : exec(statements, layout.mark_due_nameless_dead, kMostBuried, error)) {
      dead.push_back({text_of(line[0]) + "…", entry::name_refusal("id", *bytes_of(line[1])), true});
    }
  } catch (const std::exception& refused) {
    check_it_may_be_a_rows(statements, refused);
  }
  return dead;
}

}  // namespace outboxd::outbox_store
