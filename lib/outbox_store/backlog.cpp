// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/backlog.hpp"

#include "outbox_store/bisect.hpp"
#include "outbox_store/locked_rows.hpp"

#include <thread>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using postgres::exec;
using postgres::Parameter;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr std::uint64_t kCountCap = 100'000;

std::uint64_t number_of(const pqxx::field& field) {
  return std::stoull(text_of(field));
}

constexpr std::chrono::milliseconds kBetweenLooks{500};

}  // namespace

dispatch::BacklogSample count_backlog(Statements& statements, const Layout& layout, const std::string& due_by) {
  const auto result = exec(statements, layout.sample, due_by.empty() ? Parameter{} : Parameter{due_by}, kCountCap);
  const auto line = result[0];
  dispatch::BacklogSample sample;
  sample.pending = number_of(line["pending"]);
  sample.dead = number_of(line["dead"]);
  sample.due = number_of(line["due"]);
  sample.cap = kCountCap;
  sample.delayed = number_of(line["delayed"]);
  const auto oldest = line["oldest_pending_ms"];
  if (!oldest.is_null()) sample.oldest_pending = std::chrono::milliseconds{number_of(oldest)};
  sample.leased = number_of(line["leased"]);
  sample.retrying = number_of(line["retrying"]);
  const auto oldest_dead = line["oldest_dead_ms"];
  if (!oldest_dead.is_null()) sample.oldest_dead = std::chrono::milliseconds{number_of(oldest_dead)};
  sample.more_due = text_of(line["more_due"]) == "t";
  sample.more_later = text_of(line["more_later"]) == "t";
  return sample;
}

namespace {

dispatch::LockedRows locked_rows(Statements& statements, const Layout& layout) {
  LockedRowsLook look;
  auto found = look.look(statements, layout, LockedRowsLook::How::reading);
  if (!look.found_any()) return found;
  // A dispatcher has the rows that it just claims locked, too.
  std::this_thread::sleep_for(kBetweenLooks);
  return look.look(statements, layout, LockedRowsLook::How::reading);
}

Overview look_at(Statements& statements, const Layout& layout) {
  Overview overview{count_backlog(statements, layout, "")};
  if (overview.backlog.oldest_pending.value_or(std::chrono::milliseconds{0}) >= kLongDue) {
    try {
      overview.locked = locked_rows(statements, layout);
    } catch (const std::exception& error) {
      // The counts are useful without it.
      check_it_may_be_a_rows(statements, error);
    }
  }
  return overview;
}

}  // namespace

BacklogReader::BacklogReader(const RowStoreOptions& options) : table_{options, CommandTable::Access::read} {}

Overview BacklogReader::look() {
  Overview overview;
  table_.use([&overview](Statements& statements, const Layout& layout) { overview = look_at(statements, layout); });
  return overview;
}

}  // namespace outboxd::outbox_store
