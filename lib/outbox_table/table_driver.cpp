// SPDX-License-Identifier: Apache-2.0
#include "outbox_table/table_driver.hpp"

#include "postgres/table_errors.hpp"

#include <utility>

namespace outboxd::outbox_table {

using postgres::Statements;
using postgres::UnfitTable;

namespace {

// Each name is in every statement that identifies a row by its lease; a lease ends long before so many are used up.
constexpr std::size_t kMostNames = 16;

/// Whether two drivers do the same; these statements contain all that a table decides.
bool same(const Layout& a, const Layout& b) {
  return a.claim == b.claim && a.settle == b.settle && a.claim_these == b.claim_these;
}

}  // namespace

TableDriver::TableDriver(std::string name, TableShape shape, LayoutTerms terms)
    : name_{std::move(name)}, shape_{std::move(shape)}, found_{name_} {
  make(std::move(terms));
}

void TableDriver::make(LayoutTerms terms) {
  auto layout = make_layout(shape_, terms);
  driver_ = std::make_shared<const Driver>(Driver{std::move(terms), std::move(layout)});
}

std::shared_ptr<const Driver> TableDriver::driver() const {
  const std::lock_guard lock{mutex_};
  return driver_;
}

TableReport TableDriver::inspect(Statements& statements) {
  std::string table;
  {
    const std::lock_guard lock{mutex_};
    table = found_;
  }
  auto report = inspect_table(statements, table, shape_, driver()->terms.worker.size());
  if (report.problems.empty()) {
    const std::lock_guard lock{mutex_};
    found_ = report.table;
    make(with_facts(driver_->terms, report));
  }
  return report;
}

bool TableDriver::has_changed(Statements& statements, const Driver& before) {
  const auto report = inspect(statements);
  if (!report.problems.empty()) {
    std::string reasons;
    for (const auto& problem : report.problems) reasons.append(reasons.empty() ? "" : "; ").append(problem);
    throw UnfitTable(reasons);
  }
  return !same(driver()->layout, before.layout);
}

void TableDriver::rename_worker(std::string worker) {
  const std::lock_guard lock{mutex_};
  auto terms = driver_->terms;
  auto& earlier = terms.earlier_workers;
  if (earlier.size() == kMostNames) earlier.erase(earlier.begin());
  earlier.push_back(std::exchange(terms.worker, std::move(worker)));
  make(std::move(terms));
}

}  // namespace outboxd::outbox_table
