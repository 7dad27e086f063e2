// SPDX-License-Identifier: Apache-2.0
// deploy/JSON.md documents exactly the fields that are printed.
#include "config/render.hpp"
#include "daemon/commands/command_line.hpp"
#include "daemon/commands/migrate_report.hpp"
#include "daemon/commands/prune_report.hpp"
#include "daemon/doctor/render.hpp"
#include "daemon/service/once_report.hpp"
#include "daemon/signatures/signature_report.hpp"
#include "daemon/status/status_report.hpp"
#include "daemon/trace/render.hpp"
#include "dead_rows/list.hpp"
#include "dead_rows/one_row.hpp"
#include "dead_rows/tally.hpp"
#include "replay/report.hpp"
#include "streams/provision_text.hpp"
#include "streams/report.hpp"
#include "streams/verify_text.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

using Fields = std::set<std::string>;

/// The fields of each command's table in the page.
std::map<std::string, Fields> documented_fields() {
  std::ifstream page{OUTBOXD_SOURCE_DIR "/deploy/JSON.md"};
  std::map<std::string, Fields> fields;
  std::string command;
  for (std::string line; std::getline(page, line);) {
    constexpr std::string_view kHeading = "## `outboxd ";
    if (line.starts_with(kHeading)) command = line.substr(kHeading.size(), line.size() - kHeading.size() - 1);
    if (!line.starts_with("| `")) continue;
    std::istringstream names{line.substr(0, line.find(" |", 1))};
    for (std::string name; std::getline(names, name, '`') && std::getline(names, name, '`');) {
      fields[command].insert(name);
    }
  }
  return fields;
}

void add_fields(const boost::json::object& object, const std::string& prefix, Fields& fields);

void add_field(const std::string& name, const boost::json::value& value, Fields& fields) {
  // Their fields are columns, and reasons.
  const bool is_open = name == "row" || name == "reasons";
  if (value.is_object() && !is_open) return add_fields(value.get_object(), name + ".", fields);
  if (!value.is_array() || value.get_array().empty() || !value.get_array().front().is_object()) {
    fields.insert(name);
    return;
  }
  for (const auto& element : value.get_array()) add_fields(element.get_object(), name + "[].", fields);
}

void add_fields(const boost::json::object& object, const std::string& prefix, Fields& fields) {
  for (const auto& [name, value] : object) add_field(prefix + std::string{name}, value, fields);
}

Fields fields_of(const std::string& lines) {
  Fields fields;
  std::istringstream all{lines};
  for (std::string line; std::getline(all, line);) add_fields(boost::json::parse(line).as_object(), "", fields);
  return fields;
}

std::string status_lines() {
  StatusReport report{.dispatchers = {{.dispatcher = "a", .figures = Figures{}, .state = DispatcherState{}},
                                      {.dispatcher = "b", .problem = "none"}}};
  report.daemon.state.signing = SigningState{.key_id = "k"};
  report.groups.stopped = {{.stream = "s", .group = "g"}};
  return json_lines_of(report);
}

std::string signature_lines() {
  SignatureReport report{.stream = "s", .server = "r", .keys = {{.name = "f", .id = "k"}}, .unread = UnreadCounts{}};
  const Judgement wrong{.fault = SignatureFault::cannot_tell};
  report.add("1-0", wrong);
  return json_line_of("1-0", wrong, report) + json_line_of(report);
}

std::string stream_lines() {
  streams::GroupReport group{.name = "g"};
  group.seen = streams::SeenGroup{.group = {.name = "g", .last_delivered_id = "0-0"}, .consumers = {{.name = "c"}}};
  streams::Report report;
  report.streams.push_back(
      {.wanted = {.name = "s"}, .seen = {.name = "s", .kind = streams::SeenStream::Kind::stream}, .groups = {group}});
  return json_lines_of(report);
}

std::string once_lines() {
  OnceResult result;
  result.backlog = dispatch::BacklogSample{};
  return json_line_of(result);
}

std::string change_lines(const std::string& action) {
  dead_rows::Report report{.dispatcher = "a", .table = "t", .action = action};
  report.not_chosen = {{.id = "1", .state = "published"}};
  if (action == "requeue") report.outcomes = dead_rows::Outcomes{};
  return json_of(report);
}

std::string trace_lines() {
  using std::chrono::milliseconds;
  trace::RowFacts row{.table = "t", .is_pending = true, .payload = "{}"};
  row.leased_until = {.text = "2026-01-31T12:00:00Z", .since_epoch = milliseconds{10}};
  row.now = milliseconds{5};
  trace::StreamFacts stream{.stream = "s"};
  stream.entries.push_back({.id = "1-0", .groups = {{.group = {.name = "g", .last_delivered_id = "0-0"}}}});
  return json_of(trace::Facts{.stories = {{.row = row, .streams = {stream}}}});
}

std::string replay_lines() {
  const replay::Plan plan{.streams = {{.stream = "s"}}, .left_out = {{"id", "dead"}}};
  const std::vector<replay::StreamTally> tallies{{.stream = "s"}};
  return json_of(plan, tallies);
}

std::string provision_lines() {
  streams::Plan plan;
  plan.existing.push_back({.stream = "s", .group = "g"});
  return streams::provision_json(plan, {}, false);
}

std::string verify_lines() {
  const std::vector<streams::Finding> findings{{.stream = "s"}};
  return streams::verify_json(findings);
}

/// Both values of the array, without what makes them one.
std::string show_lines() {
  config::Loaded loaded;
  loaded.dispatchers.emplace_back();
  loaded.effective.push_back({.path = "mode", .value = {}, .origin = {}});
  loaded.effective.push_back({.path = "dispatcher.batch", .value = {}, .origin = {}, .dispatcher = 0});
  std::string lines;
  const auto shown = boost::json::parse(config::render_show_json(loaded));
  for (const auto& object : shown.as_array()) lines += boost::json::serialize(object) + "\n";
  return lines;
}

std::map<std::string, std::string> printed_lines() {
  return {{"--once", once_lines()},
          {"config show", show_lines()},
          {"migrate", json_of(MigrateReport{.dispatcher = "a", .migration = "m"})},
          {"status", status_lines()},
          {"doctor", doctor::json_lines_of({doctor::Finding{.check = "host.key"}})},
          {"streams provision", provision_lines()},
          {"streams verify", verify_lines()},
          {"streams status", stream_lines()},
          {"streams check-signatures", signature_lines()},
          {"dead list", json_of(dead_rows::Groups{.groups = {{.stream = "s"}}})},
          {"dead show", json_of("a", "t", dead_rows::OneRow{"dead", {{"id", "1", "1"}}, {}})},
          {"dead requeue", change_lines("requeue")},
          {"dead discard", change_lines("discard")},
          {"trace", trace_lines()},
          {"replay", replay_lines()},
          {"prune", json_of(PruneReport{.dispatcher = "a", .table = "t"})}};
}

}  // namespace

TEST_CASE("the fields of JSON are those of the page") {
  const auto documented = documented_fields();
  const auto printed = printed_lines();
  CHECK(documented.size() == printed.size());
  for (const auto& [command, lines] : printed) {
    CAPTURE(command);
    REQUIRE(documented.contains(command));
    const auto fields = fields_of(lines);
    for (const auto& field : fields)
      CHECK_MESSAGE(documented.at(command).contains(field), field, " is not documented");
    for (const auto& field : documented.at(command)) CHECK_MESSAGE(fields.contains(field), field, " is not printed");
  }
}

TEST_CASE("every command with --json is in the page") {
  const auto documented = documented_fields();
  const auto tree = declared_commands();
  std::size_t count = 0;
  for (const auto* command : reference::all_of(tree.program)) {
    for (const auto& option : command->options) {
      if (option.names.back() != "--json") continue;
      ++count;
      CHECK_MESSAGE(documented.contains(command->path), command->path);
    }
  }
  CHECK(count + 1 == documented.size());
}

}  // namespace outboxd::daemon
