// SPDX-License-Identifier: Apache-2.0
#include "telemetry/dispatcher_metrics.hpp"

#include <array>
#include <limits>
#include <utility>

namespace outboxd::telemetry {

namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.1,    0.25,  0.5,    1,     2.5,  5,     10};
const prometheus::Histogram::BucketBoundaries kRows{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

constexpr std::array<std::pair<dispatch::SnapshotHolder, const char*>, 4> kHolders{{
    {dispatch::SnapshotHolder::session, "session"},
    {dispatch::SnapshotHolder::prepared_transaction, "prepared_transaction"},
    {dispatch::SnapshotHolder::replication_slot, "replication_slot"},
    {dispatch::SnapshotHolder::standby, "standby"},
}};

double in_seconds(std::chrono::nanoseconds took) {
  return std::chrono::duration<double>(took).count();
}

prometheus::Labels with(prometheus::Labels labels, const std::string& name, const std::string& value) {
  labels.emplace(name, value);
  return labels;
}

}  // namespace

DispatcherMetrics::DispatcherMetrics(Metrics& metrics, const std::string& dispatcher,
                                     const std::vector<std::string>& streams)
    : registry_(metrics.registry()),
      labels_{{"dispatcher", dispatcher}},
      pending_rows_(gauge("outboxd_pending_rows",
                          "Rows neither published nor dead, at the last sample; counting stops at a cap.")),
      due_rows_(gauge("outboxd_due_rows", "Of the pending rows, those free to be claimed at the last sample.")),
      delayed_rows_(gauge("outboxd_delayed_rows",
                          "Of the pending rows, those not due yet and never tried, at the last sample.")),
      oldest_pending_age_(gauge("outboxd_oldest_pending_age_seconds",
                                "The lag: for how long the row that has waited longest had been due at the last "
                                "sample; one that was tried before counts from its creation; 0 when none is due.")),
      dead_rows_(gauge("outboxd_dead_rows", "Dead rows in the table at the last sample; counting stops at a cap.")),
      sample_timestamp_(gauge("outboxd_sample_timestamp_seconds",
                              "When the table was last sampled, in seconds since 1970; 0 when it never was.")),
      held_up_rows_(gauge("outboxd_held_up_rows",
                          "Rows that Postgres refuses while it takes others, and that wait for their next try.")),
      locked_rows_(gauge("outboxd_locked_rows",
                         "Rows due for more than ten seconds that claims pass over, as other transactions keep them "
                         "locked, at the last sample; counting stops at 100.")),
      ready_(gauge("outboxd_ready",
                   "1 while the dispatcher works, 0 while it starts, waits for a server or its table, or stops.")),
      blocked_streams_(gauge("outboxd_blocked_streams",
                             "Streams whose rows wait because Redis refuses them while it takes others.")),
      published_last_minute_(
          gauge("outboxd_published_last_minute", "Rows accepted by Redis in the last sixty seconds.")),
      has_wake_ups_(gauge("outboxd_has_wake_ups",
                          "1 where commits can wake the dispatcher; 0 where only polling finds their rows.")),
      slow_look_(
          gauge("outboxd_slow_look_seconds",
                "Time of one look through the table's index, past rows that are gone and other streams'; 0 while "
                "it is quick.")),
      wake_ups_(counter("outboxd_wake_ups_total", "Waits that a commit has ended.")),
      claimed_(counter("outboxd_claimed_total", "Rows claimed; each ends published, retried, dead or released.")),
      retries_(counter("outboxd_retries_total", "Claims that spent an attempt; the row is due again later.")),
      released_(
          counter("outboxd_released_total", "Claims given back with their attempt, the row not being at fault.")),
      dead_(counter("outboxd_dead_total", "Rows declared dead: not tried again without an operator.")),
      possible_duplicates_(counter("outboxd_possible_duplicates_total",
                                   "Rows sent again though they may already be in their stream.")),
      leases_lost_(
          counter("outboxd_leases_lost_total", "Outcomes not written because another worker held the row by then.")),
      refused_by_postgres_(counter("outboxd_rows_refused_by_postgres_total",
                                   "Rows that Postgres would not let be claimed or settled with their batch.")),
      sample_failures_(counter("outboxd_sample_failures_total",
                               "Samples of the table that failed; the gauges keep the values of the last one.")),
      dead_workers_(counter("outboxd_dead_workers_total", "Other workers found dead, whose leases were ended.")),
      reserved_fields_dropped_(
          counter("outboxd_reserved_fields_dropped_total", "Payload fields dropped for carrying a reserved name.")),
      ambiguous_entries_(counter("outboxd_ambiguous_entries_total",
                                 "Rows whose signature is good for another entry, too, each time they are signed.")),
      claim_seconds_(seconds("outboxd_claim_seconds", "Time of one claim, those that found nothing included.")),
      publish_seconds_(seconds("outboxd_publish_seconds", "Time of one pipelined write with all its replies.")),
      settle_seconds_(seconds("outboxd_settle_seconds", "Time to write the outcomes of one batch.")),
      batch_rows_(prometheus::BuildHistogram()
                      .Name("outboxd_batch_rows")
                      .Help("Rows of a claim that found any.")
                      .Register(registry_)
                      .Add(labels_, kRows)),
      published_family_(prometheus::BuildCounter()
                            .Name("outboxd_published_total")
                            .Help("Rows accepted by Redis, by stream; streams past the first 200 count as \"other\".")
                            .Register(registry_)),
      published_elsewhere_(published_family_.Add(with(labels_, "stream", kOtherStreams))),
      failures_by_stream_(prometheus::BuildCounter()
                              .Name("outboxd_failures_by_stream_total")
                              .Help("As outboxd_failures_total, by stream as well; streams past 200 count as "
                                    "\"other\".")
                              .Register(registry_),
                          labels_, streams),
      dead_by_stream_(prometheus::BuildCounter()
                          .Name("outboxd_dead_by_stream_total")
                          .Help("As outboxd_dead_total, by stream and reason; streams past 200 count as \"other\".")
                          .Register(registry_),
                      labels_, streams) {
  auto& failures = prometheus::BuildCounter()
                       .Name("outboxd_failures_total")
                       .Help("Claims that did not end in a published row, by reason.")
                       .Register(registry_);
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    const auto fault = static_cast<Fault>(i);
    if (fault != Fault::none) failures_[i] = &failures.Add(with(labels_, "reason", to_string(fault)));
  }
  auto& held = prometheus::BuildGauge()
                   .Name("outboxd_held_snapshot_seconds")
                   .Help("Where looks are slow, how long who holds the oldest snapshot has held it; NaN: not known.")
                   .Register(registry_);
  for (const auto& [holder, name] : kHolders) held_for_[holder] = &held.Add(with(labels_, "holder", name));
  for (const auto& stream : streams) published_of(stream);
  // What was never sampled is not known: 0 would say that all is well.
  for (auto* sampled : {&pending_rows_, &due_rows_, &delayed_rows_, &dead_rows_, &oldest_pending_age_}) {
    sampled->Set(std::numeric_limits<double>::quiet_NaN());
  }
}

void DispatcherMetrics::looks_are_slow(const dispatch::SlowLook& look) {
  slow_look_.Set(in_seconds(look.took));
  for (const auto& [holder, gauge] : held_for_) {
    const double known = look.held_for ? in_seconds(*look.held_for) : std::numeric_limits<double>::quiet_NaN();
    gauge->Set(holder == look.holder ? known : 0);
  }
}

void DispatcherMetrics::claimed(std::size_t rows, std::chrono::nanoseconds took) {
  claimed_.Increment(static_cast<double>(rows));
  claim_seconds_.Observe(in_seconds(took));
  // Idle polls would drown the batches.
  if (rows > 0) batch_rows_.Observe(static_cast<double>(rows));
}

void DispatcherMetrics::wrote(std::size_t /*entries*/, std::chrono::nanoseconds took) {
  publish_seconds_.Observe(in_seconds(took));
}

void DispatcherMetrics::settled(std::size_t /*rows*/, std::size_t leases_lost, std::chrono::nanoseconds took) {
  settle_seconds_.Observe(in_seconds(took));
  leases_lost_.Increment(static_cast<double>(leases_lost));
}

void DispatcherMetrics::published(std::string_view stream, std::size_t rows) {
  published_of(stream).Increment(static_cast<double>(rows));
  count_last_minute(rows);
}

void DispatcherMetrics::count_last_minute(std::size_t published) {
  const auto now = std::chrono::steady_clock::now();
  last_minute_.add(published, now);
  published_last_minute_.Set(static_cast<double>(last_minute_.count(now)));
}

void DispatcherMetrics::failed(std::string_view stream, Fault fault, std::string_view /*reason*/) {
  const auto index = static_cast<std::size_t>(fault);
  if (index >= failures_.size() || failures_[index] == nullptr) return;
  failures_[index]->Increment();
  failures_by_stream_.of(stream, fault).Increment();
}

void DispatcherMetrics::retried() {
  retries_.Increment();
}

void DispatcherMetrics::released(bool /*for_later*/) {
  released_.Increment();
}

void DispatcherMetrics::died(std::string_view /*id*/, std::string_view stream, Fault fault,
                             std::string_view /*reason*/) {
  dead_.Increment();
  dead_by_stream_.of(stream, fault).Increment();
}

void DispatcherMetrics::possible_duplicate() {
  possible_duplicates_.Increment();
}

void DispatcherMetrics::reserved_fields_dropped(std::string_view /*stream*/, std::size_t fields) {
  reserved_fields_dropped_.Increment(static_cast<double>(fields));
}

void DispatcherMetrics::ambiguous_entry(std::string_view /*id*/, std::string_view /*stream*/,
                                        std::string_view /*why*/, bool /*dead*/) {
  ambiguous_entries_.Increment();
}

void DispatcherMetrics::stream_blocked(std::string_view /*stream*/, std::string_view /*reason*/,
                                       std::size_t blocked) {
  blocked_streams_.Set(static_cast<double>(blocked));
}

void DispatcherMetrics::stream_freed(std::string_view /*stream*/, std::chrono::nanoseconds /*after*/,
                                     std::size_t blocked) {
  blocked_streams_.Set(static_cast<double>(blocked));
}

void DispatcherMetrics::refused_by_store(std::span<const dispatch::RefusedRow> rows) {
  refused_by_postgres_.Increment(static_cast<double>(rows.size()));
}

void DispatcherMetrics::held_up(std::size_t rows) {
  held_up_rows_.Set(static_cast<double>(rows));
}

void DispatcherMetrics::wake_ups(bool there) {
  has_wake_ups_.Set(there ? 1 : 0);
}

void DispatcherMetrics::woken() {
  wake_ups_.Increment();
}

void DispatcherMetrics::freed_rows_of(std::string_view /*worker*/) {
  dead_workers_.Increment();
}

void DispatcherMetrics::sampled(const dispatch::BacklogSample& sample) {
  count_last_minute(0);
  pending_rows_.Set(static_cast<double>(sample.pending));
  due_rows_.Set(static_cast<double>(sample.due));
  delayed_rows_.Set(static_cast<double>(sample.delayed));
  dead_rows_.Set(static_cast<double>(sample.dead));
  locked_rows_.Set(static_cast<double>(sample.locked.rows));
  oldest_pending_age_.Set(in_seconds(sample.oldest_pending.value_or(std::chrono::milliseconds(0))));
  sample_timestamp_.Set(in_seconds(std::chrono::system_clock::now().time_since_epoch()));
}

void DispatcherMetrics::sample_failed(std::string_view /*reason*/) {
  count_last_minute(0);
  // The gauges keep their values: an alert on one of them would end with each outage, and fire anew after it.
  sample_failures_.Increment();
}

void DispatcherMetrics::health(dispatch::Health health, std::string_view /*reason*/) {
  ready_.Set(health == dispatch::Health::working ? 1 : 0);
}

prometheus::Gauge& DispatcherMetrics::gauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels_);
}

prometheus::Counter& DispatcherMetrics::counter(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels_);
}

prometheus::Histogram& DispatcherMetrics::seconds(const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels_, kSeconds);
}

prometheus::Counter& DispatcherMetrics::published_of(std::string_view stream) {
  const auto known = published_.find(stream);
  if (known != published_.end()) return *known->second;
  if (published_.size() >= kMostStreams || !is_label(stream)) return published_elsewhere_;
  std::string name(stream);
  auto& series = published_family_.Add(with(labels_, "stream", name));
  published_.emplace(std::move(name), &series);
  return series;
}

}  // namespace outboxd::telemetry
