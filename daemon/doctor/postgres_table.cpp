// SPDX-License-Identifier: Apache-2.0
// Whether the table is fit for use: its shape, this role's rights, indexes, triggers, storage.
#include "daemon/doctor/examinations.hpp"
#include "daemon/doctor/words.hpp"
#include "outbox_table/stream_index.hpp"
#include "postgres/identifier.hpp"

namespace outboxd::daemon::doctor {
namespace {

constexpr const char* kWakeUp = "outboxd_wake_up";

Finding not_known(const PostgresFacts& facts, const std::string& check, const std::string& why_not) {
  return unknown(check, subject_of(facts), why_not);
}

/// The remedy of a text that inspect_table() has made, as a command.
std::string remedy_of(const PostgresFacts& facts, const std::string& advice) {
  const auto role = facts.settings.known ? "\"" + facts.settings.known->role + "\"" : std::string{"outboxd"};
  const auto as_owner = [&facts](const std::string& sql) { return facts.as_owner(sql) + "  # as the table's owner"; };
  if (advice.starts_with("GRANT USAGE ON its SCHEMA")) {
    const auto& table = facts.dispatcher.table;
    const auto schema = table.find('.') == std::string::npos ? "public" : table.substr(0, table.find('.'));
    return as_owner("GRANT USAGE ON SCHEMA " + schema + " TO " + role + "; GRANT SELECT, UPDATE ON " + table +
                    " TO " + role);
  }
  if (advice.starts_with("GRANT ")) return as_owner(advice + " TO " + role);
  if (advice.starts_with("CREATE POLICY")) {
    return as_owner("CREATE POLICY outboxd ON " + facts.table_name() + " TO " + role + " USING (true)");
  }
  if (advice.starts_with("create it")) {
    return "outboxd migrate  # as a role that may create tables; or, if it is there under another name, correct "
           "dispatcher.table: " +
           facts.as_daemon("\\dt *." + facts.dispatcher.shape.name);
  }
  if (advice.starts_with("correct ")) {
    return advice + " (" + facts.as_daemon("\\d " + facts.table_name()) + " shows the table)";
  }
  return advice;
}

/// Whether the rows go to another table of the same name.
void add_namesakes(const PostgresFacts& facts, Findings& findings) {
  if (!facts.namesakes.known || facts.namesakes.known->empty()) return;
  const auto& other = facts.namesakes.known->front();
  Finding finding{
      .check = "postgres.other_table",
      .severity = Severity::note,
      .subject = subject_of(facts),
      .seen =
          "there is also " + other.table + ", into which " + std::to_string(other.inserted) + " rows were inserted",
      .why = "if writers use that table, this dispatcher doesn't see their rows",
      .remedy = "dispatcher.table = \"" + other.table + "\"  # in the configuration, if that one is meant"};
  const bool unused = facts.storage.known && facts.storage.known->inserted == 0;
  if (unused && other.inserted > 0) {
    finding.severity = Severity::warning;
    finding.seen += ", while none were inserted into the configured one: it is probably the wrong table";
  }
  findings.push_back(finding);
}

}  // namespace

std::string subject_of(const PostgresFacts& facts) {
  return "table " + plain_name(facts.table_name()) + " of dispatcher " + facts.dispatcher.name;
}

Findings shape_of(const PostgresFacts& facts) {
  if (!facts.table.known) return {not_known(facts, "postgres.table", facts.table.why_not)};
  const auto& report = *facts.table.known;
  Findings findings;
  for (const auto& problem : report.problems) {
    const auto advice = split_advice(problem);
    const bool is_right = advice.remedy.starts_with("GRANT") || advice.remedy.starts_with("CREATE POLICY");
    findings.push_back({.check = is_right ? "postgres.rights" : "postgres.table",
                        .severity = Severity::critical,
                        .subject = subject_of(facts),
                        .seen = advice.seen,
                        .why = "the dispatcher waits, and claims nothing, until this is mended",
                        .remedy = remedy_of(facts, advice.remedy)});
  }
  for (const auto& warning : report.warnings) {
    const auto advice = split_advice(warning);
    findings.push_back({.check = "postgres.needless_rights",
                        .severity = Severity::warning,
                        .subject = subject_of(facts),
                        .seen = advice.seen,
                        .why = "triggers, policies and constraints of the table run with the rights of this role",
                        .remedy = facts.as_superuser("CREATE ROLE outboxd LOGIN; GRANT SELECT, UPDATE ON " +
                                                     facts.table_name() + " TO outboxd") +
                                  "  # then name that role in postgres.url"});
  }
  if (report.problems.empty()) {
    std::string seen = "it has the columns of layout " + facts.dispatcher.shape.name +
                       ", and this role may SELECT and "
                       "UPDATE";
    if (facts.storage.known)
      seen += facts.storage.known->may_delete ? ", and DELETE" : ", not DELETE (only retention needs it)";
    findings.push_back({.check = "postgres.table", .subject = subject_of(facts), .seen = seen});
    if (facts.dispatcher.deletes_published_rows && facts.storage.known && !facts.storage.known->may_delete) {
      findings.push_back({.check = "postgres.retention",
                          .severity = Severity::warning,
                          .subject = subject_of(facts),
                          .seen = "dispatcher.retention is set, and this role may not DELETE",
                          .why = "old published rows are not removed, and the table grows",
                          .remedy = remedy_of(facts, "GRANT DELETE ON " + facts.table_name())});
    }
  }
  add_namesakes(facts, findings);
  return findings;
}

Findings indexes_of(const PostgresFacts& facts) {
  if (!facts.indexes.known) return {not_known(facts, "postgres.index", facts.indexes.why_not)};
  const auto& shape = facts.dispatcher.shape;
  Findings findings;
  if (const auto* index = outbox_table::claim_index_of(*facts.indexes.known, shape)) {
    findings.push_back(
        {.check = "postgres.index", .subject = subject_of(facts), .seen = "claims use " + index->name});
  } else if (facts.table.known && facts.table.known->problems.empty()) {
    findings.push_back({.check = "postgres.index",
                        .severity = Severity::warning,
                        .subject = subject_of(facts),
                        .seen = "no valid index begins with " +
                                (shape.has_status() ? shape.status + ", " + shape.available_at : shape.available_at) +
                                " and has all rows that are not published",
                        .why =
                            "each claim reads the whole table, published rows included, and takes longer with each "
                            "row",
                        .remedy = facts.as_owner(outbox_table::claim_index_sql(shape, facts.table_name()))});
  }
  for (const auto& index : *facts.indexes.known) {
    if (index.valid) continue;
    findings.push_back({.check = "postgres.index",
                        .severity = Severity::warning,
                        .subject = "index " + index.name,
                        .seen = "it is invalid: CREATE INDEX CONCURRENTLY has failed, or is still at work",
                        .why = "no query uses it, and every write maintains it",
                        .remedy = facts.as_owner("REINDEX INDEX CONCURRENTLY " + postgres::quote_name(index.schema) +
                                                 "." + postgres::quote_name(index.name))});
  }
  if (facts.dispatcher.takes_few_streams && facts.table.known && !facts.table.known->has_stream_index &&
      shape.has_lease_columns()) {
    const auto advice = split_advice(outbox_table::advice_on_stream_index(shape, facts.table_name()));
    findings.push_back({.check = "postgres.stream_index",
                        .severity = Severity::note,
                        .subject = subject_of(facts),
                        .seen = "no index on (" + shape.stream + ", " + shape.available_at + ")",
                        .why = "each start steps over the rows of all other streams, and so do rows that come late",
                        .remedy = shape.name == "event_outbox"
                                      ? "outboxd migrate --stream-index"
                                      : facts.as_owner("CREATE INDEX CONCURRENTLY ON " + facts.table_name() + " (" +
                                                       shape.stream + ", " + shape.available_at + ")")});
  }
  return findings;
}

Findings triggers_of(const PostgresFacts& facts) {
  if (!facts.triggers.known) return {not_known(facts, "postgres.trigger", facts.triggers.why_not)};
  Findings findings;
  // Many a trigger that raises exceptions raises them for other rows only.
  const bool rows_stay = severity_of_rows(facts) >= Severity::warning;
  bool wakes = false;
  for (const auto& trigger : *facts.triggers.known) {
    if (trigger.name == kWakeUp) wakes = trigger.enabled;
    if (trigger.name == kWakeUp || !trigger.enabled || (!trigger.on_insert && !trigger.on_update)) continue;
    const std::string when = trigger.on_update ? "each claim and settlement" : "each insert";
    Finding finding{.check = "postgres.trigger",
                    .severity = trigger.may_refuse && rows_stay ? Severity::warning : Severity::note,
                    .subject = "trigger " + trigger.name + " on " + plain_name(facts.table_name()),
                    .seen = "it runs " + trigger.function + "() at " + when,
                    .why = trigger.on_update
                               ? "it runs with this role's rights, and each row that it refuses can't be "
                                 "published"
                               : "rows that it refuses or changes never reach a dispatcher as they were",
                    .remedy = facts.as_daemon("\\sf " + trigger.function + "()") +
                              "  # its source; if it should not be there, as the table's owner: ALTER TABLE " +
                              facts.table_name() + " DISABLE TRIGGER " + postgres::quote_name(trigger.name)};
    if (trigger.may_refuse) finding.seen += ", which can refuse rows (its source raises exceptions or returns NULL)";
    findings.push_back(finding);
  }
  Finding finding{
      .check = "postgres.wake_ups", .subject = subject_of(facts), .seen = "a commit wakes an idle dispatcher"};
  if (!wakes) {
    finding.severity = Severity::note;
    finding.seen = "no enabled trigger " + std::string{kWakeUp};
    finding.why = "rows are found by polling alone, half a poll interval later on average";
    finding.remedy = facts.dispatcher.shape.name == "custom"
                         ? "see deploy/README.md#wake-ups for the trigger of a table of your own"
                         : "outboxd migrate --wake-ups  # as the table's owner";
  }
  findings.push_back(finding);
  return findings;
}

}  // namespace outboxd::daemon::doctor
