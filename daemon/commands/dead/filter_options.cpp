// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/filter_options.hpp"

#include "daemon/commands/declare_command.hpp"

#include <CLI/CLI.hpp>

namespace outboxd::daemon {

CLI::App& dead_group(CLI::App& program) {
  auto& group = declare_group(program, "dead", "List, show, requeue or discard dead rows");
  set_examples(group, {"outboxd dead list", "outboxd dead requeue --stream caracal.policy.invalidate --dry-run"});
  return group;
}

void declare_filter(CLI::App& app, dead_rows::FilterWords& words) {
  app.add_option("--stream", words.streams, "Rows of this stream; may be repeated")
      ->type_name("STREAM")
      ->allow_extra_args(false);
  app.add_option("--error", words.error, "Rows whose error has this text; numbers and ids count as equal")
      ->type_name("TEXT");
  app.add_option("--older-than", words.older_than, "Rows older than this: 30s, 15m, 2h, 7d")->type_name("TIME");
  app.add_option("--newer-than", words.newer_than, "Rows newer than this")->type_name("TIME");
  app.add_option("--id", words.ids, "The row with this id; may be repeated")
      ->type_name("ID")
      ->allow_extra_args(false);
  app.add_flag("--all", words.all, "Every dead row");
}

std::string about_filters() {
  return "Only dead rows of the dispatcher's streams are seen. Several kinds of filters mean rows that fulfil all of "
         "them.\n"
         "No table has a column for the time of death: a row's age is that of its last change (updated_at) where "
         "there "
         "is\n"
         "such a column, otherwise that of its creation (created_at). In --error, as in `outboxd dead list`, each "
         "word "
         "with\n"
         "a digit in it counts as \"#\", and of an error the first 500 characters.\n";
}

}  // namespace outboxd::daemon
