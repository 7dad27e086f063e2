// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/table_lock.hpp"

#include "outbox_store/bisect.hpp"
#include "postgres/table_errors.hpp"

#include <map>
#include <string>

namespace outboxd::outbox_store {

using outbox_table::Layout;
using postgres::exec;
using postgres::LockedTable;
using postgres::Statements;
using postgres::text_of;

namespace {

/// Messages by how a session is in the way; empty where that can't be seen, as the role may not look at locks.
std::map<std::string, std::string> who_is_in_the_way(Statements& statements, const Layout& layout) {
  std::map<std::string, std::string> named;
  try {
    for (const auto& line : exec(statements, layout.table_holders)) {
      auto& who = named[text_of(line["how"])];
      who.append(who.empty() ? "" : ", and ").append(text_of(line["who"]));
    }
  } catch (const std::exception& error) {
    check_it_may_be_a_rows(statements, error);
  }
  return named;
}

}  // namespace

void look_for_table_lock(Statements& statements, const Layout& layout, std::string_view cause) {
  const bool waited = cause == "57014" || cause == "55P03";
  if (!waited || layout.table_holders.empty()) return;
  auto named = who_is_in_the_way(statements, layout);
  if (!named["holds"].empty()) {
    throw LockedTable("the whole table is locked by " + named["holds"] + ": end its transaction");
  }
  if (named["waits"].empty()) return;
  throw LockedTable("all wait behind a session that waits to lock the whole table, " + named["waits"] +
                    (named["blocks"].empty() ? "" : "; in its way is " + named["blocks"]) +
                    ": end one of these transactions");
}

}  // namespace outboxd::outbox_store
