// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/locked_rows.hpp"

#include "outbox_store/bisect.hpp"
#include "postgres/array_literal.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using postgres::array_literal;
using postgres::exec;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr std::size_t kMostNamed = 3;
constexpr std::chrono::seconds kLongestLook{1};

}  // namespace

void LockedRowsLook::add_to(dispatch::BacklogSample& sample, Statements& statements, const Layout& layout) {
  if (sample.oldest_pending.value_or(std::chrono::milliseconds{0}) < kLongDue) {
    *this = {};
    return;
  }
  try {
    const auto longest = std::min<std::chrono::milliseconds>(kLongestLook, statements.longest_timeout());
    const Statements::Patience patience{statements, longest};
    last_ = look(statements, layout, How::trying);
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(statements, error);
  }
  sample.locked = last_;
}

dispatch::LockedRows LockedRowsLook::look(Statements& statements, const Layout& layout, How how) {
  dispatch::LockedRows found;
  std::set<std::string> ids;
  std::vector<std::string> confirmed;
  for (const auto& line : exec(statements, how == How::trying ? layout.locked_rows : layout.seen_locked_rows)) {
    auto id = text_of(line[0]);
    if (ids_.contains(id)) confirmed.push_back(id);
    ids.insert(std::move(id));
  }
  ids_ = std::move(ids);
  if (ids_.empty()) {
    transactions_.clear();
    return found;
  }
  const std::vector<std::string> all(ids_.begin(), ids_.end());
  std::set<std::string> transactions;
  std::size_t named = 0;
  for (const auto& line : exec(statements, layout.row_holders, array_literal(all))) {
    auto transaction = text_of(line["transaction"]);
    if (transactions_.contains(transaction) && named++ < kMostNamed) {
      found.who.append(found.who.empty() ? "" : "; ").append(text_of(line["who"]));
    }
    transactions.insert(std::move(transaction));
  }
  transactions_ = std::move(transactions);
  if (named > kMostNamed) found.who.append("; and ").append(std::to_string(named - kMostNamed)).append(" more");
  found.rows = confirmed.size();
  if (!confirmed.empty()) found.first = confirmed.front();
  return found;
}

}  // namespace outboxd::outbox_store
