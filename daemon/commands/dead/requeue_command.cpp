// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/requeue_command.hpp"

#include "daemon/commands/dead/filter_options.hpp"
#include "daemon/commands/dead/tables.hpp"
#include "daemon/commands/dead/wait_notice.hpp"
#include "daemon/commands/declare_command.hpp"
#include "dead_rows/requeue.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <stdexcept>

namespace outboxd::daemon {

CLI::App& DeadRequeueCommand::declare(CLI::App& program) {
  auto& app = declare_command(dead_group(program), "requeue", "Make dead rows due again, with all their attempts");
  options.declare(app);
  app.add_option("--reason", options.reason, "Why; for the log");
  app.add_flag("--wait", wait, "Afterwards follow these rows until each is published or dead again");
  app.add_option("--timeout", timeout, "With --wait: the longest time to follow them [60s]")->type_name("TIME");
  app.footer(about_changes() +
             "The attempts become 0, the row is due now, and its lease ends; its last error stays until it is "
             "published.\n"
             "A daemon publishes the rows at its next poll. Needs SELECT and UPDATE.");
  set_examples(app, {"outboxd dead requeue --stream caracal.policy.invalidate --dry-run",
                     "outboxd dead requeue --error 'WRONGTYPE' --rate 50/s --wait --yes",
                     "outboxd dead requeue --all --yes --json"});
  return app;
}

std::string DeadRequeueCommand::complete(const SharedOptions& /*shared*/) {
  const auto time = dead_rows::duration_of(timeout);
  if (!time) return "--timeout '" + timeout + "' is no length of time: write it as 30s, 15m or 2h";
  return options.problem();
}

int DeadRequeueCommand::run(const SharedOptions& shared) const {
  Change change{.action = "requeue", .use = dead_rows::Use::requeue};
  change.apply = [this](const config::Settings& settings, dead_rows::Table& table,
                        const dead_rows::FilterParameters& filter, const dead_rows::Steps& steps,
                        dead_rows::Report& report) {
    if (!wait) return requeue(table, filter, steps, report.tally, nullptr);
    dead_rows::IdSpool ids;
    requeue(table, filter, steps, report.tally, &ids);
    if (report.tally.in_doubt) return;
    try {
      if (!report.tally.unfollowed.empty()) throw std::runtime_error(report.tally.unfollowed);
      WaitNotice notice{settings};
      report.outcomes = follow(table, ids, *dead_rows::duration_of(timeout), steps.stops,
                               [&notice](const dead_rows::Outcomes& now) { notice.looked(now); });
      notice.ended(*report.outcomes);
    } catch (const std::exception& error) {
      report.tally.stopped = "what became of the rows is unknown: " + dead_rows::shown(error);
    }
  };
  return run_change(shared, options, change);
}

}  // namespace outboxd::daemon
