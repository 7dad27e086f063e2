// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/replay_command.hpp"

#include "daemon/commands/confirmation.hpp"
#include "daemon/commands/declare_command.hpp"
#include "daemon/commands/exit_status.hpp"
#include "daemon/commands/terminal_output.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "dead_rows/filter.hpp"
#include "outbox/utf8.hpp"
#include "replay/published_rows.hpp"
#include "replay/redis_sink.hpp"
#include "replay/report.hpp"
#include "system/identity.hpp"
#include "system/stop_request.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <span>

namespace outboxd::daemon {
namespace {

using replay::Plan;
using replay::PublishedRows;
using replay::StreamTally;
using Tallies = std::vector<StreamTally>;

constexpr const char* kReplayFooter =
    "Only rows that were published are sent: none that is pending, leased, dead or discarded. The entries are those\n"
    "that a daemon would send; consumers recognise them by their unchanged outbox_id. The rows themselves stay as "
    "they\n"
    "are. Each stream's rows go out in the order in which they were published before; the end of the range is fixed\n"
    "when the command begins. It needs SELECT on the table, and +xadd on the streams' keys; with +xlen +type\n"
    "+xinfo|stream +xinfo|groups it also warns of entries that a consumer group has not read and that are pushed "
    "out.";

void print_replay_error(const std::string& error) {
  std::string line = "outboxd replay: ";
  telemetry::append_printable(line, telemetry::log::redacted(error));
  telemetry::log::say(line);
}

void print_result(const std::string& text) {
  std::cout << telemetry::log::redacted(text) << std::flush;
}

replay::Moment local_time() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Completes what the rows alone don't say. Throws std::exception.
void complete_plan(Plan& plan, const config::Settings& settings, bool needs_redis) {
  plan.dispatcher = settings.dispatcher.name;
  plan.retention = settings.dispatcher.retention;
  plan.is_signed = !settings.signing_key.empty();
  try {
    look_at_redis(plan, publisher_options(settings));
  } catch (const std::exception& error) {
    if (needs_redis) throw;
    plan.why_no_redis = error.what();
  }
}

std::string question_about(const Plan& plan) {
  return "Publish " + std::to_string(plan.rows()) + (plan.rows() == 1 ? " row" : " rows") + " of " + plan.table +
         " again (" + described(plan.choice) + ")?";
}

Tallies publish(const config::Settings& settings, const ReplayCommand& command, const Plan& plan,
                PublishedRows& rows) {
  Tallies tallies;
  for (const auto& chosen : plan.streams) {
    tallies.push_back({.stream = chosen.stream, .chosen = chosen.rows, .nameless = chosen.nameless});
  }
  const system::StopRequest stop;
  replay::RedisSink redis{publisher_options(settings)};
  auto encoder = encoder_for(settings);
  const replay::Steps steps{.rate = command.rate.empty() ? 0 : dead_rows::rate_of(command.rate).value_or(0),
                            .stops = [&stop](std::chrono::milliseconds time) { return stop.wait(time); },
                            .progress =
                                [&] {
                                  telemetry::Terminal::standard_error().show_progress(
                                      "replay: " + std::to_string(replay::published_by(tallies)) + " of " +
                                      std::to_string(plan.rows()) + " rows");
                                }};
  replay::replay(
      rows, [&redis](auto written) { redis.publish(written); }, encoder, steps, rows.first_place(), tallies);
  telemetry::Terminal::standard_error().show_progress("");
  return tallies;
}

void log_replay(const config::Settings& settings, const ReplayCommand& command, const Plan& plan,
                std::span<const StreamTally> tallies, replay::Verdict verdict) {
  using replay::Verdict;
  auto line = "replay by " + system::user_at_host() + ": " + std::to_string(replay::published_by(tallies)) + " of " +
              std::to_string(plan.rows()) + " published rows of " + plan.table + ", dispatcher " +
              settings.dispatcher.name + ", to " + redis_endpoint(settings).shown + ", " + described(plan.choice);
  if (!command.reason.empty()) line += ", reason: " + command.reason;
  if (verdict == Verdict::refused) line += ", refused by Redis";
  if (verdict == Verdict::stopped || verdict == Verdict::nothing_sent) line += ", stopped early";
  log_action(settings, line);
}

int status_of_replay(replay::Verdict verdict) {
  switch (verdict) {
    case replay::Verdict::done:
      return kDone;
    case replay::Verdict::stopped:
      return kIncomplete;
    case replay::Verdict::nothing_sent:
      return kCouldNotWork;
    case replay::Verdict::some_not_published:
      return kSomeUnchanged;
    case replay::Verdict::refused:
      break;
  }
  return kRefusedByRedis;
}

int replay_rows(const config::Settings& settings, const ReplayCommand& command) {
  PublishedRows rows{row_store_options(settings, "")};
  const auto now = rows.now();
  // Ages count by Postgres' clock, so that they are looked at once more.
  if (const auto problem = problem_of(command.choice, now); !problem.empty()) {
    print_replay_error(problem);
    return kCouldNotWork;
  }
  auto plan = rows.plan(choice_of(command.choice, now));
  complete_plan(plan, settings, !command.dry_run);
  const auto preview = text_of(plan, terminal_width());
  const auto wrong_types = wrong_types_of(plan);
  if (command.dry_run) {
    print_result(command.json ? json_of(plan, {}) : preview);
    for (const auto& problem : wrong_types) print_replay_error(problem);
    return kDone;
  }
  std::cerr << telemetry::log::redacted(preview) << std::flush;
  for (const auto& problem : wrong_types) print_replay_error(problem);
  if (!wrong_types.empty()) return kRefusedByRedis;
  const auto left_out = plan.left_out.size() + plan.outside;
  if (plan.rows() == 0) {
    if (command.json) print_result(json_of(plan, {}));
    return left_out > 0 ? kCouldNotWork : kDone;
  }
  if (!command.yes && !answers_yes(question_about(plan))) {
    print_replay_error(kNotYes);
    return kCouldNotWork;
  }
  const auto tallies = publish(settings, command, plan, rows);
  const auto verdict = replay::verdict_of(tallies, left_out);
  log_replay(settings, command, plan, tallies, verdict);
  // So that the result is not written into the line of progress.
  telemetry::log::flush();
  print_result(command.json ? json_of(plan, tallies) : text_of(plan, tallies));
  return status_of_replay(verdict);
}

}  // namespace

CLI::App& ReplayCommand::declare(CLI::App& program) {
  auto& app = declare_command(program, "replay", "Publish rows again that were published before");
  app.add_option("--id", choice.ids, "The row with this id; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_option("--stream", choice.streams, "Rows of this stream; may be repeated")
      ->type_name("STREAM")
      ->allow_extra_args(false);
  app.add_option("--since", choice.since, "Rows published from then on: 2026-01-31T12:00:00Z, or 30s, 2h, 7d ago")
      ->type_name("TIME");
  app.add_option("--until", choice.until, "Rows published before then [when the command begins]")->type_name("TIME");
  app.add_option("--after", choice.after, "Go on after the row with this id")->type_name("ID");
  app.add_flag("--dry-run", dry_run, "Only count the rows, and warn of what would be incomplete");
  app.add_flag("--yes", yes, "Don't ask");
  app.add_option("--rate", rate, "At most so many rows a second [as fast as possible]")->type_name("N/s");
  app.add_option("--reason", reason, "Why; for the log");
  app.add_flag("--json", json, "Print the result as JSON");
  app.footer(kReplayFooter);
  set_examples(app, {"outboxd replay --stream caracal.policy.invalidate --since 2h --dry-run",
                     "outboxd replay --stream caracal.policy.invalidate --since 2026-01-31T12:00:00Z "
                     "--until 2026-01-31T12:30:00Z --rate 50/s --yes",
                     "outboxd replay --id 0197f3a0-0000-7000-8000-000000000001"});
  return app;
}

std::string ReplayCommand::complete(const SharedOptions& /*shared*/) {
  if (!rate.empty() && !dead_rows::rate_of(rate)) {
    return "--rate '" + rate + "' is no rate: write rows a second, from 1 to 1000000, as 50/s";
  }
  if (!utf8::is_valid(reason)) return "--reason isn't UTF-8";
  return problem_of(choice, local_time());
}

int ReplayCommand::run(const SharedOptions& shared) const {
  if (!yes && !dry_run && !may_ask()) {
    print_replay_error(kNoTerminal);
    return kCouldNotWork;
  }
  auto loaded = load_settings(shared, {});
  if (!loaded) return kCouldNotWork;
  if (loaded->dispatchers.size() > 1) {
    print_replay_error("several dispatchers are configured: name the one whose rows are meant, with --dispatcher");
    return kCouldNotWork;
  }
  auto& settings = loaded->dispatchers.front();
  try {
    // The table that the daemon would choose with this role's rights; otherwise one that this role may read.
    if (!choose_table_now(settings, outbox_table::TableUse::drive).empty()) {
      const auto problems = choose_table_now(settings, outbox_table::TableUse::count);
      print_problems("replay", problems);
      if (!problems.empty()) return kCouldNotWork;
    }
    return replay_rows(settings, *this);
  } catch (const std::exception& error) {
    telemetry::Terminal::standard_error().show_progress("");
    print_replay_error(error.what());
    return kCouldNotWork;
  }
}

}  // namespace outboxd::daemon
