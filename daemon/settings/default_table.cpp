// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings/default_table.hpp"

#include "daemon/settings/options_from_settings.hpp"
#include "outbox_store/table_look.hpp"
#include "telemetry/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <stdexcept>
#include <utility>

namespace outboxd::daemon {
namespace {

constexpr const char* kProfileTable = "caracal_outbox";

/// The worker id doesn't matter here: it is only used to check whether locked_by has room for it.
outbox_store::RowStoreOptions options_of(const config::Settings& settings,
                                         const std::function<void()>& could_not_connect) {
  auto options = row_store_options(settings, worker_of(settings, 1));
  options.session.could_not_open = could_not_connect;
  return options;
}

std::vector<std::string> neither(const outbox_table::TableReport& of_default,
                                 const outbox_table::TableReport& of_profile_table) {
  std::vector<std::string> problems{
      "no table was chosen, and neither event_outbox, which is the default, nor caracal_outbox, which is usual for "
      "the profile coordinator, can be used: mend one of them, or choose another by dispatcher.layout and "
      "dispatcher.table"};
  problems.insert(problems.end(), of_default.problems.begin(), of_default.problems.end());
  problems.insert(problems.end(), of_profile_table.problems.begin(), of_profile_table.problems.end());
  return problems;
}

}  // namespace

std::optional<config::Settings> with_profile_table(const config::Settings& settings) {
  if (settings.profile != Profile::coordinator || !settings.dispatcher.table_by_default) return std::nullopt;
  auto profile_settings = settings;
  profile_settings.dispatcher.layout = kProfileTable;
  // Keeps the schema, if a URL names one.
  auto& table = profile_settings.dispatcher.table;
  table.replace(table.size() - settings.dispatcher.layout.size(), std::string::npos, kProfileTable);
  profile_settings.dispatcher.producer = "coordinator";
  return profile_settings;
}

std::string shown_table(const config::Settings& settings) {
  const auto profile_settings = with_profile_table(settings);
  const auto& table = settings.dispatcher.table;
  return profile_settings ? table + " or " + profile_settings->dispatcher.table + " (by the role's rights)" : table;
}

dispatch::Awaitable<dispatch::StoreResult<TableChoice>> choose_table(config::Settings settings,
                                                                     outbox_table::TableUse use,
                                                                     std::function<void()> could_not_connect) {
  TableChoice choice;
  const auto profile_settings = with_profile_table(settings);
  if (!profile_settings) co_return choice;
  auto options_of_default = options_of(settings, could_not_connect);
  const auto of_default = co_await outbox_store::look_at_table(std::move(options_of_default), use);
  if (!of_default) co_return of_default.error();
  auto options_of_profile_table = options_of(*profile_settings, could_not_connect);
  const auto of_profile_table = co_await outbox_store::look_at_table(std::move(options_of_profile_table), use);
  if (!of_profile_table) co_return of_profile_table.error();
  const bool profile_table_is_fit = of_profile_table->problems.empty();
  if (of_default->problems.empty()) {
    if (profile_table_is_fit) {
      choice.note =
          "no table was chosen, and both event_outbox and caracal_outbox can be used: event_outbox, the default, "
          "is "
          "taken. Set dispatcher.layout to the one that is meant";
    }
  } else if (profile_table_is_fit) {
    choice.note =
        "no table was chosen: caracal_outbox, which is usual for the profile coordinator, is taken, as "
        "event_outbox, the default, can't be used (" +
        outbox_table::in_one_line(of_default->problems) + ")";
    choice.is_profile_table = true;
  } else {
    choice.problems = neither(*of_default, *of_profile_table);
  }
  co_return choice;
}

std::vector<std::string> choose_table_now(config::Settings& settings, outbox_table::TableUse use) {
  if (!with_profile_table(settings)) return {};
  boost::asio::io_context loop{1};
  std::vector<std::string> problems;
  const auto choose = [&]() -> dispatch::Awaitable<void> {
    const std::function<void()> nothing;
    auto choice = co_await choose_table(settings, use, nothing);
    if (!choice) {
      throw std::runtime_error("event_outbox or caracal_outbox? That could not be found out (" + choice.error().text +
                               "): run the command again, or choose one by dispatcher.layout and dispatcher.table");
    }
    problems = std::move(choice->problems);
    if (choice->is_profile_table) settings = *with_profile_table(settings);
  };
  boost::asio::co_spawn(loop, choose(), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  loop.run();
  return problems;
}

void print_problems(const std::string& command, const std::vector<std::string>& problems) {
  for (const auto& problem : problems) {
    std::string line = "outboxd ";
    telemetry::log::say(line.append(command).append(": ").append(problem));
  }
}

}  // namespace outboxd::daemon
