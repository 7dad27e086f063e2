// SPDX-License-Identifier: Apache-2.0
// Whether the table's storage keeps claims fast: dead row versions, autovacuum, room on pages.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"

#include <algorithm>

namespace outboxd::daemon::doctor {
namespace {

constexpr std::int64_t kManyDead = 10'000;
constexpr std::chrono::minutes kLongSinceVacuum{10};

bool is_off(const std::string& value) {
  return value == "off" || value == "false" || value == "no" || value == "0";
}

/// Why autovacuum doesn't look after the table; empty if it does.
std::string why_not_vacuumed(const PostgresFacts& facts, const outbox_table::StorageFacts& storage) {
  if (is_off(storage.autovacuum_enabled)) return "autovacuum is off for this table";
  if (!facts.settings.known) return {};
  if (is_off(facts.settings.known->autovacuum)) return "autovacuum is off on the whole server";
  if (is_off(facts.settings.known->track_counts)) return "track_counts is off, without which autovacuum does nothing";
  return {};
}

std::string remedy_of(const PostgresFacts& facts, const outbox_table::StorageFacts& storage) {
  const auto vacuum = " -c " + shell_word("VACUUM (ANALYZE) " + facts.table_name());
  if (is_off(storage.autovacuum_enabled)) {
    return facts.as_owner("ALTER TABLE " + facts.table_name() + " RESET (autovacuum_enabled)") + vacuum;
  }
  if (facts.settings.known && is_off(facts.settings.known->autovacuum)) {
    return facts.as_superuser("ALTER SYSTEM SET autovacuum = on") + " -c 'SELECT pg_reload_conf()'" + vacuum;
  }
  if (facts.settings.known && is_off(facts.settings.known->track_counts)) {
    return facts.as_superuser("ALTER SYSTEM SET track_counts = on") + " -c 'SELECT pg_reload_conf()'" + vacuum;
  }
  return facts.as_owner("VACUUM (ANALYZE, VERBOSE) " + facts.table_name()) +
         "  # if it removes little, end what postgres.snapshot names first";
}

}  // namespace

Findings storage_of(const PostgresFacts& facts) {
  if (!facts.storage.known) return {unknown("postgres.vacuum", subject_of(facts), facts.storage.why_not)};
  const auto& storage = *facts.storage.known;
  Finding vacuum{.check = "postgres.vacuum", .subject = subject_of(facts)};
  vacuum.seen = std::to_string(storage.dead_versions) + " dead row versions, " +
                (storage.vacuumed_ago ? "vacuumed " + span_text(*storage.vacuumed_ago) + " ago" : "never vacuumed");
  const auto why_not = why_not_vacuumed(facts, storage);
  // Twice what autovacuum usually tolerates.
  // The statistics are a little behind, and a VACUUM that has just ended has removed what it could.
  const bool was_left = !storage.vacuumed_ago || *storage.vacuumed_ago > kLongSinceVacuum;
  const bool many = was_left && storage.dead_versions > std::max(kManyDead, storage.rows * 2 / 5);
  if (!why_not.empty()) vacuum.seen = why_not + ": " + vacuum.seen;
  if (!why_not.empty() || many) {
    vacuum.severity = Severity::warning;
    vacuum.why = "claims step over the dead versions of rows and of index entries, and take longer with each";
    vacuum.remedy = remedy_of(facts, storage);
  }
  Findings findings{vacuum};
  if (facts.dispatcher.shape.name != "event_outbox") return findings;
  Finding room{.check = "postgres.fillfactor",
               .subject = subject_of(facts),
               .seen = storage.fillfactor.empty() ? "no fillfactor" : "fillfactor " + storage.fillfactor};
  if (storage.fillfactor.empty()) {
    room.severity = Severity::note;
    room.why = "each claim also writes to the indexes: with room on the pages, batches are 1.4 to 1.6 times as fast";
    room.remedy = "outboxd migrate --tune  # as the table's owner";
  }
  findings.push_back(room);
  return findings;
}

}  // namespace outboxd::daemon::doctor
