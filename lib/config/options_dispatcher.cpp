// SPDX-License-Identifier: Apache-2.0
// The option table's section [dispatcher]; the tuning profiles' numbers and environment names stand here.
#include "config/checks.hpp"
#include "config/option_values.hpp"
#include "config/options.hpp"

namespace outboxd::config {
namespace {

constexpr std::int64_t kKiB = 1'024;
constexpr std::int64_t kMiB = 1'024 * kKiB;
constexpr std::int64_t kLongestStream = 1'000'000'000'000;

}  // namespace

std::vector<Option> tuning_options() {
  return {
      {.path = "dispatcher.poll_interval",
       .kind = Kind::duration,
       .help = "Wait between claims when there is nothing to do",
       .default_api = "250ms",
       .default_coordinator = "1s",
       .per_profile = true,
       .min = 1,
       .max = kHour,
       .shared_env = {{"CARACAL_OUTBOX_POLL_MS", Unit::milliseconds, Readers::api},
                      {"OUTBOX_POLL_MS", Unit::milliseconds, Readers::api},
                      {"OUTBOX_INTERVAL_MS", Unit::milliseconds, Readers::coordinator}},
       .store = [](Settings& s, const Value& v) { s.dispatcher.poll_interval = millis(v); }},
      {.path = "dispatcher.batch",
       .kind = Kind::integer,
       .help = "Most rows that one claim takes",
       .default_api = "32",
       .default_coordinator = "50",
       .per_profile = true,
       .min = 1,
       .max = 10'000,
       .shared_env = {{"CARACAL_OUTBOX_BATCH", Unit::own, Readers::api},
                      {"OUTBOX_BATCH_SIZE", Unit::own, Readers::api},
                      {"OUTBOX_BATCH_SIZE", Unit::own, Readers::coordinator}},
       .store = [](Settings& s, const Value& v) { s.dispatcher.batch = number<std::uint32_t>(v); }},
      {.path = "dispatcher.lease",
       .kind = Kind::duration,
       .help = "How long a claimed row stays ours before others may claim it",
       .default_api = "30s",
       .default_coordinator = "30s",
       .per_profile = true,
       .min = kSecond,
       .max = kHour,
       .shared_env = {{"CARACAL_OUTBOX_LOCK_SEC", Unit::seconds, Readers::api},
                      {"OUTBOX_LOCK_SEC", Unit::seconds, Readers::api}},
       .store = [](Settings& s, const Value& v) { s.dispatcher.lease = millis(v); }},
      {.path = "dispatcher.max_attempts",
       .kind = Kind::integer,
       .help = "Attempts after which a row is dead",
       .default_api = "100",
       .default_coordinator = "10",
       .per_profile = true,
       .min = 1,
       .max = 1'000'000,
       .shared_env = {{"CARACAL_OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api},
                      {"OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::api},
                      {"OUTBOX_MAX_ATTEMPTS", Unit::own, Readers::coordinator}},
       .store = [](Settings& s, const Value& v) { s.dispatcher.max_attempts = number<std::uint32_t>(v); }},
      {.path = "dispatcher.maxlen",
       .kind = Kind::integer,
       .help = "MAXLEN ~ of a stream that has no bound of its own",
       .default_api = "100000",
       .default_coordinator = "100000",
       .per_profile = true,
       .min = 1,
       .max = kLongestStream,
       .shared_env = {{"CARACAL_OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api},
                      {"OUTBOX_STREAM_MAXLEN", Unit::own, Readers::api},
                      {"STREAMS_MAXLEN", Unit::own, Readers::coordinator}},
       .store = [](Settings& s, const Value& v) { s.dispatcher.maxlen = number<std::uint64_t>(v); }},
      {.path = "dispatcher.stream_maxlen",
       .kind = Kind::limits,
       .help = "MAXLEN ~ of single streams; replaces the whole list of a weaker source",
       .min = 1,
       .max = kLongestStream,
       .store = [](Settings& s, const Value& v) { s.dispatcher.stream_maxlen = std::get<StreamLimits>(v); }},
  };
}

std::vector<Option> dispatcher_options() {
  return {
      {.path = "dispatcher.name",
       .help = "Names this dispatcher in metrics and logs",
       .default_api = "outbox",
       .check = check_dispatcher_name,
       .store = [](Settings& s, const Value& v) { s.dispatcher.name = text(v); }},
      {.path = "dispatcher.table",
       .help = "Table to work on, with or without a schema; it has the columns of event_outbox",
       .default_api = "event_outbox",
       .check = check_table_name,
       .store = [](Settings& s, const Value& v) { s.dispatcher.table = text(v); }},
      {.path = "dispatcher.streams",
       .kind = Kind::list,
       .help = "Only rows of these streams; empty: all",
       .store = [](Settings& s, const Value& v) { s.dispatcher.streams = std::get<std::vector<std::string>>(v); }},
      {.path = "dispatcher.max_payload_bytes",
       .kind = Kind::size,
       .help = "A row with a larger payload is dead at once",
       .default_api = "16MiB",
       .min = kKiB,
       .max = 512 * kMiB,
       .store = [](Settings& s, const Value& v) { s.dispatcher.max_payload_bytes = number<std::uint64_t>(v); }},
      {.path = "dispatcher.shutdown_timeout",
       .kind = Kind::duration,
       .help = "Longest time to finish the rows in hand when told to stop",
       .default_api = "10s",
       .min = 100,
       .max = 10 * kMinute,
       .store = [](Settings& s, const Value& v) { s.dispatcher.shutdown_timeout = millis(v); }},
      {.path = "dispatcher.probe_min",
       .kind = Kind::duration,
       .help = "First wait before Redis or Postgres is tried again",
       .default_api = "100ms",
       .min = 10,
       .max = kMinute,
       .store = [](Settings& s, const Value& v) { s.dispatcher.probe_min = millis(v); }},
      {.path = "dispatcher.probe_max",
       .kind = Kind::duration,
       .help = "Longest such wait",
       .default_api = "1s",
       .min = 10,
       .max = 10 * kMinute,
       .store = [](Settings& s, const Value& v) { s.dispatcher.probe_max = millis(v); }},
  };
}

}  // namespace outboxd::config
