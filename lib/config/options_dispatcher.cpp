// SPDX-License-Identifier: Apache-2.0
// The option table's section [dispatcher]; the tuning profiles' numbers and environment names stand here.
#include "config/checks.hpp"
#include "config/option_parts.hpp"

namespace outboxd::config {
namespace {

constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = 1'024 * kKiB;
constexpr std::int64_t kGiB = 1'024 * kMiB;
constexpr std::int64_t kMaxBatch = 10'000;

void store_trims(Settings& settings, const Value& value) {
  for (const auto& [stream, word] : std::get<Names>(value)) {
    settings.dispatcher.stream_exact_trim[stream] = word == "exact";
  }
}

}  // namespace

std::vector<Option> dispatcher_options() {
  using D = DispatcherSettings;
  return {
      row("dispatcher.name", Kind::text, "Names this dispatcher in metrics and logs",
          {by_default("outbox"), identifies(), checked_by(check_dispatcher_name), to(&D::name)}),
      row("dispatcher.table", Kind::text, "Outbox table, with or without a schema; not set: the layout's name",
          {identifies(), checked_by(check_table_name), to(&D::table), also("table_name tablename")}),
      row("dispatcher.layout", Kind::choice, "Shape of the table; custom: as described by columns",
          {by_default("event_outbox"), words("event_outbox|caracal_outbox|custom"), identifies(), to(&D::layout)}),
      row("dispatcher.producer", Kind::text,
          "Only rows of this producer; not set: coordinator in caracal_outbox; empty: all",
          {identifies(), to(&D::producer)}),
      row("dispatcher.columns", Kind::names, "The column of a custom layout in each role",
          {words("id|stream|payload|attempts|available_at|locked_until|locked_by|last_error|dedupe_key|created_at|"
                 "updated_at|published_at|status|producer"),
           identifies(), checked_by(check_columns), to(&D::columns)}),
      row("dispatcher.states", Kind::names, "The word for each state in a custom layout's status column",
          {words("pending|published|dead"), identifies(), checked_by(check_states), to(&D::states)}),
      row("dispatcher.streams", Kind::list, "Only rows of these streams; empty: all",
          {identifies(), to(&D::streams), also("stream topic topics channels include_streams")}),
      row("dispatcher.exclude_streams", Kind::list, "No rows of these streams",
          {identifies(), to(&D::exclude_streams), also("exclude skip_streams ignore_streams without_streams")}),
      row("dispatcher.max_payload_bytes", Kind::size,
          "Rows with a larger payload, or with more than twice as much jsonb, are dead at once",
          {by_default("16MiB"), within(kKiB, 512 * kMiB), to(&D::max_payload_bytes),
           also("max_payload payload_limit max_message max_message_bytes")}),
      row("dispatcher.retention", Kind::duration,
          "Published rows older than this are removed (needs DELETE); not set: they are kept",
          {within(kMinute, 36'500 * kDay), to(&D::retention),
           also("keep keep_for max_age delete_after prune_after cleanup_after")}),
      row("dispatcher.shutdown_timeout", Kind::duration, "Longest time to finish the rows in flight at a stop",
          {by_default("10s"), within(100, 10 * kMinute), to(&D::shutdown_timeout),
           also("shutdown grace grace_period drain_timeout stop_timeout")}),
      row("dispatcher.probe_min", Kind::duration, "First wait before Redis or Postgres is tried again",
          {by_default("100ms"), within(10, kMinute), to(&D::probe_min),
           also("backoff min_backoff backoff_min retry_delay")}),
      row("dispatcher.probe_max", Kind::duration, "Longest wait before Redis or Postgres is tried again",
          {by_default("1s"), within(10, 10 * kMinute), to(&D::probe_max),
           also("max_backoff backoff_max max_retry_delay")}),

      row("dispatcher.poll_interval", Kind::duration, "Wait between claims while no rows are due",
          {tuned("250ms", "1s"), within(1, kHour), to(&D::poll_interval),
           env("CARACAL_OUTBOX_POLL_MS", Unit::milliseconds, Readers::api),
           env("OUTBOX_POLL_MS", Unit::milliseconds, Readers::api_alone),
           env("OUTBOX_INTERVAL_MS", Unit::milliseconds, Readers::coordinator),
           also("poll polling interval polling_interval frequency")}),
      row("dispatcher.batch", Kind::integer, "Most rows of one claim",
          {tuned("32", "50"), within(1, kMaxBatch), to(&D::batch),
           env("CARACAL_OUTBOX_BATCH", Unit::own, Readers::api),
           env("OUTBOX_BATCH_SIZE", Unit::own, Readers::api_alone),
           env("OUTBOX_BATCH_SIZE", Unit::own, Readers::coordinator),
           also("batch_size batchsize limit chunk claim_size")}),
      row("dispatcher.batch_max", Kind::integer,
          "How far a batch may grow while a backlog is worked off; not set: it doesn't grow",
          {within(1, kMaxBatch), to(&D::batch_max), also("max_batch max_batch_size batch_limit")}),
      row("dispatcher.batch_bytes", Kind::size,
          "Most bytes of payloads and names in one claim; a larger row goes alone",
          {by_default("8MiB"), within(kKiB, kGiB), to(&D::batch_bytes)}),
      row("dispatcher.max_rate", Kind::integer,
          "Most rows per second, for a Redis that other programs share; 0: any number",
          {by_default("0"), within(0, 1'000'000), to(&D::max_rate),
           also("rate rate_limit throttle max_rows_per_second")}),
      row("dispatcher.lease", Kind::duration, "How long a claimed row is leased before other workers may claim it",
          {tuned("30s", "30s"), within(kSecond, kHour), to(&D::lease),
           env("CARACAL_OUTBOX_LOCK_SEC", Unit::seconds, Readers::api),
           env("OUTBOX_LOCK_SEC", Unit::seconds, Readers::api_alone),
           also("lock lock_timeout lease_time lease_timeout lease_duration visibility_timeout ttl")}),
      row("dispatcher.max_attempts", Kind::integer, "Attempts after which a row is dead",
          {tuned("100", "10"), within(1, 1'000'000), to(&D::max_attempts),
           env("CARACAL_OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api),
           env("OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api_alone),
           env("OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::coordinator),
           also("retries max_retries attempts max_tries retry_limit")}),
      row("dispatcher.maxlen", Kind::integer, "MAXLEN of a stream that has no bound of its own",
          {tuned("100000", "100000"), within(1, kLongestStream), to(&D::maxlen),
           env("CARACAL_OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api),
           env("OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api_alone),
           env("STREAMS_MAXLEN", Unit::own, Readers::coordinator),
           also("max_len max_length stream_length max_stream_length")}),
      row("dispatcher.stream_maxlen", Kind::limits,
          "MAXLEN of single streams; replaces the whole list of a weaker source",
          {within(1, kLongestStream), to(&D::stream_maxlen)}),
      row("dispatcher.trim", Kind::choice,
          "How streams are cut to their bound; approximate: by whole nodes, so that about a hundred entries more may "
          "be left; exact: MAXLEN =",
          {by_default("approximate"), words("approximate|exact"), to(&D::exact_trim, "exact")}),
      row("dispatcher.stream_trim", Kind::names,
          "How single streams are cut; replaces the whole list of a weaker source",
          {checked_by(check_trims), to(store_trims)}),
  };
}

}  // namespace outboxd::config
