// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/dispatcher_service.hpp"

#include "daemon/service/configured.hpp"
#include "daemon/settings/default_table.hpp"
#include "daemon/settings/options_from_settings.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace outboxd::daemon {

namespace asio = boost::asio;

namespace {

outbox_store::RowStoreOptions store_options(const config::Settings& settings, const std::string& worker,
                                            const SharedServices& shared) {
  auto options = row_store_options(settings, worker);
  options.session.could_not_open = shared.could_not_connect;
  options.warn = [name = settings.dispatcher.name](const std::string& text) { spdlog::warn("{}: {}", name, text); };
  return options;
}

redis::PublisherOptions with_callback(redis::PublisherOptions options, const SharedServices& shared) {
  options.could_not_open = shared.could_not_connect;
  return options;
}

}  // namespace

DispatcherService::Pipeline::Pipeline(const config::Settings& settings, const std::string& worker,
                                      const RunMode& mode, const SharedServices& shared, dispatch::Clock& clock,
                                      dispatch::Observer& observer)
    : observers{{observer, shared.streams.observer_of(settings)}},
      store{store_options(settings, worker, shared)},
      publisher{shared.loop, with_callback(publisher_options(settings), shared), shared.warn_of_server},
      dispatcher{shared.loop, dispatcher_options(settings, mode),
                 dispatch::DispatcherParts{
                     .source = store,
                     .outcomes = store,
                     .streams = publisher,
                     .clock = clock,
                     .observer = observers,
                     .encoder = encoder_for(settings),
                     .random = shared.random,
                     .commits = &store,
                     .housekeeping = &store,
                     .backlog = &store,
                     // A maintenance window is for rows that are due; `outboxd prune` removes old ones by hand.
                     .retention = settings.dispatcher.retention.count() > 0 && !mode.once ? &store : nullptr,
                 }} {}

DispatcherService::DispatcherService(const config::Settings& settings, std::string worker, const RunMode& mode,
                                     SharedServices shared)
    : settings_{settings},
      worker_{std::move(worker)},
      mode_{mode},
      shared_{std::move(shared)},
      telemetry_{shared_.metrics, shared_.readiness, settings.dispatcher.name, known_streams(settings)},
      waits_{clock_, shared_.loop, shared_.random, settings.dispatcher.probe_min, settings.dispatcher.probe_max} {
  telemetry_.configured(configured(settings_));
  make_pipeline();
}

void DispatcherService::make_pipeline() {
  pipeline_ = std::make_unique<Pipeline>(settings_, worker_, mode_, shared_, clock_, telemetry_.observer());
}

asio::awaitable<void> DispatcherService::run() {
  const bool fit = co_await table_is_fit();
  if (fit) {
    co_await pipeline_->dispatcher.run();
    gave_up_because_ = pipeline_->dispatcher.abort_reason();
  }
  ended_at_ = clock_.now();
  if (!gave_up_because_.empty()) spdlog::error("{}: gave up: {}", name(), gave_up_because_);
  telemetry_.write_summaries();
  log_tally();
}

asio::awaitable<bool> DispatcherService::table_is_fit() {
  while (!stopping_ && gave_up_because_.empty()) {
    const bool chosen = co_await table_is_chosen();
    if (!chosen || stopping_) continue;
    auto report = co_await pipeline_->store.inspect();
    if (!report) {
      auto error = report.error();
      co_await wait_for_postgres(std::move(error));
      continue;
    }
    waits_.postgres_answered();
    if (!gave_up_because_.empty()) break;
    if (!report->problems.empty()) {
      co_await wait_for_table(std::move(report->problems));
      continue;
    }
    for (const auto& warning : report->warnings) spdlog::warn("{}: {}", name(), warning);
    if (!problems_.empty()) spdlog::info("{}: table {} can be used now", name(), settings_.dispatcher.table);
    problems_.clear();
    co_return true;
  }
  co_return false;
}

asio::awaitable<bool> DispatcherService::table_is_chosen() {
  if (chose_table_ || !with_profile_table(settings_)) co_return true;
  auto choice = co_await choose_table(settings_, outbox_table::TableUse::drive, shared_.could_not_connect);
  if (!choice) {
    auto error = choice.error();
    co_await wait_for_postgres(std::move(error));
    co_return false;
  }
  if (!choice->problems.empty()) {
    waits_.postgres_answered();
    co_await wait_for_table(std::move(choice->problems));
    co_return false;
  }
  chose_table_ = true;
  if (!choice->note.empty()) spdlog::info("{}: {}", name(), choice->note);
  if (choice->is_profile_table) {
    settings_ = *with_profile_table(settings_);
    make_pipeline();
  }
  co_return true;
}

asio::awaitable<void> DispatcherService::wait_for_postgres(dispatch::StoreError error) {
  telemetry_.observer().server_failed(Server::postgres, error.obstacle());
  telemetry_.observer().health(dispatch::Health::postgres_unavailable, error.text);
  const bool time_is_over = mode_.once && clock_.now() >= mode_.once_deadline().value_or(mode_.started);
  if (time_is_over) {
    gave_up_because_ = std::move(error.text);
    co_return;
  }
  co_await waits_.for_postgres();
}

asio::awaitable<void> DispatcherService::wait_for_table(std::vector<std::string> problems) {
  // Without `once` they are reported below, in the line on the daemon's state.
  if (mode_.once && problems != problems_) {
    for (const auto& problem : problems) spdlog::critical("{}: {}", name(), problem);
  }
  problems_ = std::move(problems);
  if (mode_.once) {
    gave_up_because_ = chose_table_ || !with_profile_table(settings_)
                           ? "table " + settings_.dispatcher.table + " can't be used as it is"
                           : "no table can be used";
    co_return;
  }
  telemetry_.observer().server_failed(Server::postgres, Obstacle::unfit);
  telemetry_.observer().health(dispatch::Health::table_unfit, outbox_table::in_one_line(problems_));
  co_await waits_.for_table();
}

void DispatcherService::stop() {
  if (ended_at_) return;
  stopping_ = true;
  waits_.look_again();
  pipeline_->dispatcher.stop();
}

void DispatcherService::use(const config::Settings& now) {
  settings_.postgres.url = now.postgres.url;
  settings_.redis.endpoint = now.redis.endpoint;
  pipeline_->store.use_conninfo(row_store_options(settings_, worker_).session.conninfo);
  pipeline_->publisher.use_login(now.redis.endpoint.username, now.redis.endpoint.password);
  settings_.dispatcher.maxlen = now.dispatcher.maxlen;
  settings_.dispatcher.stream_maxlen = now.dispatcher.stream_maxlen;
  settings_.topology = now.topology;
  settings_.streams = now.streams;
  settings_.dispatcher.exact_trim = now.dispatcher.exact_trim;
  settings_.dispatcher.stream_exact_trim = now.dispatcher.stream_exact_trim;
  pipeline_->publisher.use_bounds(publisher_options(settings_).bounds);
  if (settings_.signing_key != now.signing_key || settings_.strict_signatures != now.strict_signatures) {
    settings_.signing_key = now.signing_key;
    settings_.strict_signatures = now.strict_signatures;
    pipeline_->dispatcher.use_encoder(encoder_for(settings_));
  }
  telemetry_.configured(configured(settings_));
  // With another login other tables may be visible.
  look_again();
}

OnceResult DispatcherService::result() const {
  return {.dispatcher = name(),
          .tally = pipeline_->dispatcher.tally(),
          .backlog = pipeline_->dispatcher.backlog(),
          .abort_reason = gave_up_because_,
          .took = ended_at_.value_or(clock_.now()) - mode_.started};
}

void DispatcherService::log_tally_if_unfinished() const {
  if (!ended_at_) log_tally();
}

void DispatcherService::log_tally() const {
  const auto& tally = pipeline_->dispatcher.tally();
  spdlog::info("{}: ended: claimed {}, published {}, retried {}, dead {}, released {}, leases lost {}, unsettled {}",
               name(), tally.claimed, tally.published, tally.retried, tally.dead, tally.released, tally.leases_lost,
               tally.unsettled);
}

}  // namespace outboxd::daemon
