// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/exit_status.hpp"

#include <algorithm>
#include <sstream>

namespace outboxd::daemon {
namespace {

/// Options are marked as code.
std::string in_markdown(const std::string& text) {
  std::istringstream words{text};
  std::string line;
  for (std::string word; words >> word;) {
    const auto end = word.find_last_not_of(":;,)") + 1;
    if (word.starts_with("--")) word = "`" + word.substr(0, end) + "`" + word.substr(end);
    line.append(line.empty() ? "" : " ").append(word);
  }
  return line;
}

}  // namespace

const std::vector<CommandStatuses>& exit_statuses() {
  static const std::vector<CommandStatuses> kAll{
      {"",
       {{"1", "output could not be written (instead of 0), or an unexpected error ended it"},
        {"2", "usage or configuration is wrong"}}},
      {"run",
       {{"0", "it was stopped; with --once: every row that was due is published, by each dispatcher"},
        {"1",
         "with --once: some rows failed or remain, or some dispatcher could not work; without: a server, or a file "
         "that was being read again, still hung after dispatcher.shutdown_timeout"},
        {"2",
         "with --once also: no dispatcher could work, as servers are unreachable or tables can't be used (a daemon "
         "waits for both)"},
        {"128 + n",
         "a second SIGTERM or SIGINT (with --once also SIGHUP) ended it at once; the first stops it in an orderly "
         "way"}}},
      {"config show", {{"0", "the configuration has no problem"}, {"2", "it has some, which are listed"}}},
      {"config check", {{"0", "the configuration has no problem"}, {"2", "it has some, which are listed"}}},
      {"migrate",
       {{"0", "done, also if there was nothing to do"},
        {"2", "not all was done: no answer, a missing right, a locked table, or the answer was not yes"}}},
      {"enqueue",
       {{"0", "every row is inserted"},
        {"2", "none is: a wrong field, no answer, a missing right, or a table of another layout"}}},
      {"status",
       {{"0", "all is well"},
        {"1",
         "something is wrong: no daemon answers (with --http-listen off none is asked), a dispatcher isn't ready or "
         "doesn't belong to that daemon, a stream is blocked, a row is dead or kept locked, or a table could not be "
         "read"},
        {"2", "neither a daemon nor a table answered"}}},
      {"doctor",
       {{"0", "all is well, or notes alone"},
        {"1", "a warning"},
        {"2", "nothing was examined"},
        {"3", "something critical, such as an unreachable server"}}},
      {"streams provision",
       {{"0", "every stream and group exists"},
        {"1", "Redis refused to create something, or the connection failed meanwhile"},
        {"2", "nothing was created: a key of another type, or no answer"}}},
      {"streams verify",
       {{"0", "all is as declared; what a missing right hides is named"},
        {"2",
         "no answer, errors other than a missing right hid some streams (and nothing of 3 to 5 was found), or not "
         "even the kind of a key may be seen"},
        {"3", "a key is not a stream"},
        {"4", "a stream or group is missing"},
        {"5", "a stream is longer than its bound"}}},
      {"streams status", {{"0", "done"}, {"2", "Redis could not be asked"}}},
      {"streams check-signatures",
       {{"0", "every entry that was read is well signed"},
        {"1", "some are wrongly signed or unsigned"},
        {"2",
         "not all could be looked at: no such stream or group, a server that doesn't answer or refuses, an entry "
         "that is too large, or Ctrl-C without --follow"}}},
      {"dead list", {{"0", "done"}, {"1", "some table could not be read"}, {"2", "no table could be read"}}},
      {"dead show", {{"0", "done"}, {"1", "no dead row has this id"}, {"2", "a table could not be read"}}},
      {"dead requeue",
       {{"0", "done, also if there was nothing to do"},
        {"1", "stopped early after some rows, by a signal or an error; or with --wait some rows are not published"},
        {"2", "nothing was changed: a missing right, no answer, or the answer was not yes"},
        {"3", "all rows were tried, and some could not be changed"}}},
      {"dead discard",
       {{"0", "done, also if there was nothing to do"},
        {"1", "stopped early after some rows, by a signal or an error"},
        {"2", "nothing was changed: a missing right, no answer, or the answer was not yes"},
        {"3", "all rows were tried, and some could not be changed"}}},
      {"trace",
       {{"0", "a row or an entry was found"},
        {"1", "neither was found, and everything was searched"},
        {"3",
         "a server did not answer (what is known is shown all the same), or neither was found and not everything "
         "could "
         "be searched"}}},
      {"replay",
       {{"0", "every chosen row was published again, also if there was none; with --dry-run: counted"},
        {"1",
         "stopped early after some rows: a signal, or Postgres or Redis failed; the output has the options to go on "
         "with"},
        {"2",
         "nothing was sent: an unknown stream, a missing right in Postgres, no answer, no --id is of a published "
         "row, "
         "or the answer was not yes"},
        {"3",
         "all rows were tried, and some were not published: no entry can be made of them, they were removed "
         "meanwhile, or an --id is not of a published row"},
        {"4", "Redis refused an entry of some stream, or a stream's key is of another type"}}},
      {"prune",
       {{"0", "done"},
        {"1",
         "old rows are left: it was interrupted or failed on the way, rows are overdue or locked, Postgres refuses "
         "to "
         "remove them, or some dispatcher's table could not be used"},
        {"2", "nothing was done"}}},
      {"completion", {{"0", "done"}}},
      {"manual", {{"0", "done"}}},
      {"help", {{"0", "done"}}},
      {"version", {{"0", "done"}}},
  };
  return kAll;
}

std::vector<StatusMeaning> exit_statuses_of(std::string_view command) {
  const auto found = std::ranges::find(exit_statuses(), command, &CommandStatuses::command);
  return found == exit_statuses().end() ? std::vector<StatusMeaning>{} : found->meanings;
}

std::string exit_status_table() {
  std::string table = "| command | exit status | meaning |\n| --- | --- | --- |\n";
  for (const auto& [command, meanings] : exit_statuses()) {
    auto shown = command.empty() ? std::string{"every command"} : "`" + command + "`";
    for (const auto& [status, meaning] : meanings) {
      table.append("| ").append(shown).append(" | ").append(status);
      table.append(" | ").append(in_markdown(meaning)).append(" |\n");
      shown.clear();
    }
  }
  return table;
}

}  // namespace outboxd::daemon
