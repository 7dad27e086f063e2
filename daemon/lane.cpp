// SPDX-License-Identifier: Apache-2.0
#include "daemon/lane.hpp"

#include "daemon/parts.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::daemon {

namespace asio = boost::asio;

namespace {

// Mending a table is a person's work; looking for it costs a query of the catalog.
constexpr std::chrono::seconds kLookAgain{10};

std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const auto& problem : problems) text.append(text.empty() ? "" : "; ").append(problem);
  return text;
}

postgres::RowStoreOptions store_options(const config::Settings& settings, std::string worker) {
  auto options = row_store_options(settings, std::move(worker));
  options.warn = [name = settings.dispatcher.name](const std::string& text) { spdlog::warn("{}: {}", name, text); };
  return options;
}

}  // namespace

Lane::Lane(const config::Settings& settings, std::string worker, const RunMode& mode, Surroundings surroundings)
    : settings_{settings},
      mode_{mode},
      surroundings_{std::move(surroundings)},
      observer_{surroundings_.metrics, surroundings_.readiness, settings.dispatcher.name,
                settings.dispatcher.streams},
      start_alarm_{surroundings_.loop},
      start_backoff_{settings.dispatcher.probe_min, settings.dispatcher.probe_max},
      store_{store_options(settings, std::move(worker))},
      publisher_{surroundings_.loop, publisher_options(settings), surroundings_.warn_of_server},
      dispatcher_{surroundings_.loop, dispatcher_options(settings, mode),
                  dispatch::DispatcherParts{
                      .store = store_,
                      .publisher = publisher_,
                      .clock = clock_,
                      .observer = observer_,
                      .encoder = encoder_for(settings),
                      .random = surroundings_.random,
                  }} {}

asio::awaitable<void> Lane::run() {
  const bool fit = co_await table_is_fit();
  if (fit) {
    co_await dispatcher_.run();
    gave_up_because_ = dispatcher_.gave_up_because();
  }
  ended_at_ = clock_.now();
  if (!gave_up_because_.empty()) spdlog::error("{}: gave up: {}", name(), gave_up_because_);
  observer_.write_summaries();
  log_tally();
}

asio::awaitable<bool> Lane::table_is_fit() {
  while (!stopping_ && gave_up_because_.empty()) {
    auto report = co_await store_.inspect();
    if (!report) {
      auto reason = report.error().text;
      co_await wait_for_postgres(std::move(reason));
      continue;
    }
    start_backoff_.reset();
    if (!gave_up_because_.empty()) break;
    if (!report->problems.empty()) {
      co_await wait_for_table(std::move(report->problems));
      continue;
    }
    for (const auto& warning : report->warnings) spdlog::warn("{}: {}", name(), warning);
    if (has_unfit_table()) spdlog::info("{}: table {} can be driven now", name(), settings_.dispatcher.table);
    problems_.clear();
    co_return true;
  }
  co_return false;
}

asio::awaitable<void> Lane::wait_for_postgres(std::string reason) {
  observer_.health(dispatch::Health::postgres_unavailable, reason);
  const bool time_is_over = mode_.once && clock_.now() >= mode_.once_deadline().value_or(mode_.started);
  if (time_is_over) {
    gave_up_because_ = std::move(reason);
    co_return;
  }
  co_await wait(start_backoff_.next(surroundings_.random()));
}

asio::awaitable<void> Lane::wait_for_table(std::vector<std::string> problems) {
  if (problems != problems_) {
    for (const auto& problem : problems) spdlog::critical("{}: {}", name(), problem);
  }
  problems_ = std::move(problems);
  if (mode_.once) {
    give_up_on_table();
    co_return;
  }
  surroundings_.table_is_unfit();
  if (!gave_up_because_.empty()) co_return;
  observer_.health(dispatch::Health::table_unfit, joined(problems_));
  co_await wait(kLookAgain);
}

asio::awaitable<void> Lane::wait(std::chrono::microseconds time) {
  co_await clock_.wait(start_alarm_, clock_.now() + time);
}

void Lane::stop() {
  if (ended_at_) return;
  stopping_ = true;
  start_alarm_.ring();
  dispatcher_.stop();
}

void Lane::give_up_on_table() {
  gave_up_because_ = "table " + settings_.dispatcher.table + " can't be driven as it is";
  start_alarm_.ring();
}

OnceResult Lane::result() const {
  return {.dispatcher = name(),
          .tally = dispatcher_.tally(),
          .backlog = dispatcher_.backlog(),
          .gave_up_because = gave_up_because_,
          .took = ended_at_.value_or(clock_.now()) - mode_.started};
}

void Lane::log_tally_if_unfinished() const {
  if (!ended_at_) log_tally();
}

void Lane::log_tally() const {
  const auto& tally = dispatcher_.tally();
  spdlog::info("{}: ended: claimed {}, published {}, retried {}, dead {}, released {}, leases lost {}, unsettled {}",
               name(), tally.claimed, tally.published, tally.retried, tally.dead, tally.released, tally.leases_lost,
               tally.unsettled);
}

}  // namespace outboxd::daemon
