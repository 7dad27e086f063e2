// SPDX-License-Identifier: Apache-2.0
#include "simulation/promises.hpp"

#include <sstream>

namespace outboxd::simulation {
namespace {

bool can_be_sent(Poison poison) {
  return poison == Poison::none || poison == Poison::cannot_be_marked;
}

class RowCheck {
 public:
  RowCheck(World& world, const SimRow& row) : world_{world}, row_{row}, facts_{world.facts.at(row.row.id)} {}

  void run() {
    if (!row_.done()) return expect(false, "every row comes to its end");
    if (is_poisoned(world_, row_)) {
      expect(row_.dead && !row_.last_error.empty(), "a row that can't be published is dead, with a reason");
      if (!can_be_sent(facts_.poison)) expect(facts_.entries == 0, "it is never sent");
    } else if (row_.dead) {
      check_death();
    } else {
      expect(row_.published && facts_.entries >= 1, "a published row is in its stream");
    }
    expect(facts_.entries <= 1 + facts_.unanswered + row_.leases_lost,
           "a row repeats only after an unanswered write or a lease that ended");
    expect(row_.attempts <= 1 + spent(),
           "an attempt is spent only on a failure of the row's own or a lease that ended");
    const auto used = facts_.failures + facts_.foreign_failures + row_.leases_lost + (row_.published ? 1U : 0U);
    expect(row_.attempts == used && row_.attempts + row_.releases == row_.claims, "attempts add up");
  }

 private:
  [[nodiscard]] std::uint32_t spent() const {
    return facts_.refused + facts_.unanswered + row_.leases_lost + facts_.foreign_failures;
  }

  /// Single outcomes were checked when they were settled; here it is checked that the attempts were really used.
  void check_death() {
    const auto most = world_.setting.retry.max_attempts;
    expect(row_.attempts >= most && spent() >= most, "no row dies before its attempts are used up");
    const bool attempts_exhausted = row_.attempts > most;
    if (attempts_exhausted)
      expect(row_.leases_lost > 0, "no row is worn out unless a lease ended without an outcome");
    if (attempts_exhausted && world_.setting.has_killers()) world_.count(Event::dead_beside_poison);
  }

  void expect(bool kept, const std::string& promise) {
    if (kept) return;
    std::ostringstream fault;
    fault << "row " << row_.row.id << ": " << promise << " (claims " << row_.claims << ", releases " << row_.releases
          << ", leases lost " << row_.leases_lost << ", attempts " << row_.attempts << ", entries " << facts_.entries
          << ", unanswered " << facts_.unanswered << ", refused " << facts_.refused << ", foreign failures "
          << facts_.foreign_failures << ", poison " << static_cast<int>(facts_.poison) << ", last error '"
          << row_.last_error << "', by " << row_.done_by << ")";
    world_.fault(fault.str());
  }

  World& world_;
  const SimRow& row_;
  const RowFacts& facts_;
};

}  // namespace

bool is_poisoned(const World& world, const SimRow& row) {
  return world.facts.at(row.row.id).poison != Poison::none;
}

void check_rows(World& world) {
  for (const auto& [id, row] : world.table.rows()) RowCheck{world, row}.run();
}

}  // namespace outboxd::simulation
