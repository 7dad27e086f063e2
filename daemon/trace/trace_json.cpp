// SPDX-License-Identifier: Apache-2.0
#include "daemon/trace/render.hpp"
#include "daemon/trace/row_story.hpp"
#include "daemon/trace/stream_story.hpp"
#include "outbox/utf8.hpp"
#include "streams/json.hpp"
#include "telemetry/redaction.hpp"
#include "telemetry/utc_time.hpp"

#include <boost/json.hpp>

#include <string_view>

namespace outboxd::daemon::trace {
namespace {

namespace json = boost::json;

json::value text_value(std::string_view text, std::size_t most = std::string_view::npos) {
  return json::value(streams::json_text(utf8::shortened(telemetry::log::redacted(text), most)));
}

json::value text_or_null(std::string_view text) {
  constexpr std::size_t kLongestValue = 1'000;
  return text.empty() ? json::value{} : text_value(text, kLongestValue);
}

json::array texts_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.push_back(text_or_null(text));
  return array;
}

template <class Number>
json::value number_or_null(const std::optional<Number>& number) {
  return number ? json::value(*number) : json::value{};
}

json::value milliseconds_or_null(const std::optional<Milliseconds>& time) {
  return time ? json::value(time->count()) : json::value{};
}

const char* holder_of(Holder holder) {
  return holder == Holder::lives ? "lives" : holder == Holder::gone ? "gone" : "unknown";
}

json::object row_value(const RowFacts& row) {
  const auto state = state_of(row);
  json::array takers;
  for (const auto& dispatcher : row.dispatchers) {
    if (dispatcher.takes_row) takers.push_back(text_value(dispatcher.name));
  }
  json::value lease;
  if (state == RowState::leased) {
    lease = json::object{{"until", text_or_null(lease_end_of(row).text)},
                         {"instance", text_or_null(row.has_lease_columns ? row.leased_by : "")},
                         {"holder", holder_of(row.holder)}};
  }
  json::object value{{"table", text_value(row.table)},
                     {"dispatchers", takers},
                     {"id", text_value(row.id)},
                     {"stream", text_value(row.stream)},
                     {"state", to_string(state)},
                     {"status", text_or_null(row.status)},
                     {"producer", text_or_null(row.producer)},
                     {"dedupe_key", row.dedupe_key ? text_value(*row.dedupe_key) : json::value{}},
                     {"attempts", row.attempts},
                     {"max_attempts", number_or_null(most_attempts_of(row))},
                     {"created_at", text_or_null(row.created.text)},
                     {"available_at", text_or_null(row.due.text)},
                     {"published_at", text_or_null(row.published.text)},
                     {"lease", lease},
                     {"locked_by", texts_of(row.locked_by)},
                     {"last_error", text_or_null(row.last_error.value_or(""))},
                     {"payload_bytes", number_or_null(row.payload_bytes)},
                     {"why_no_payload", text_or_null(row.why_no_payload)}};
  if (row.payload) value["payload"] = text_value(*row.payload);
  value["next"] = text_or_null(next_of(row));
  return value;
}

json::object group_value(const EntryFacts& entry, const GroupFacts& facts) {
  const auto progress = progress_of(entry.id, facts);
  const auto& pending = facts.pending;
  return {{"group", text_value(facts.group.name)},
          {"state", to_string(progress)},
          {"consumer", pending ? text_or_null(pending->consumer) : json::value{}},
          {"idle_ms", pending ? milliseconds_or_null(pending->idle) : json::value{}},
          {"deliveries", pending ? json::value(pending->deliveries) : json::value{}},
          {"why_unknown", text_or_null(progress == Progress::unknown ? facts.why_unknown : "")}};
}

json::object entry_value(const EntryFacts& entry, const Facts& facts) {
  const auto time = time_of(entry.id);
  json::array groups;
  for (const auto& group : entry.groups) groups.push_back(group_value(entry, group));
  const auto& judgement = entry.judgement;
  const bool is_unsigned = judgement && judgement->fault == SignatureFault::no_signature;
  const char* verdict = !judgement                                 ? "unknown"
                        : judgement->fault == SignatureFault::none ? "well_signed"
                        : is_unsigned                              ? "unsigned"
                                                                   : "wrong";
  return {{"id", text_value(entry.id)},
          {"time", time ? text_value(telemetry::utc_text(*time)) : json::value{}},
          {"outbox_id", text_or_null(entry.outbox_id)},
          {"signature", verdict},
          {"reason", judgement ? json::value(to_string(judgement->fault)) : json::value{}},
          {"key_id", judgement && judgement->key ? text_value(facts.keys.at(*judgement->key).id) : json::value{}},
          {"groups", groups}};
}

json::object stream_value(const StreamFacts& stream, const RowFacts* row, const Facts& facts) {
  json::array entries;
  for (const auto& entry : stream.entries) entries.push_back(entry_value(entry, facts));
  const auto absence = absence_of(stream, row);
  json::object value{{"server", text_value(stream.server)},
                     {"stream", text_value(stream.stream)},
                     {"searched_from", text_value(stream.search.from)},
                     {"entries_read", stream.search.entries_read},
                     {"why_incomplete", text_or_null(stream.search.why_incomplete)},
                     {"entries", entries},
                     {"unlisted", stream.search.unlisted},
                     {"absence", to_string(absence.what)},
                     {"why_absent", text_or_null(absence.why)}};
  value["lost_by_groups"] = row == nullptr ? json::array{} : texts_of(groups_that_lost_it(stream, *row));
  value["why_no_groups"] = text_or_null(stream.why_no_groups);
  value["next"] = texts_of(next_of(stream, row));
  return value;
}

}  // namespace

std::string json_of(const Facts& facts) {
  json::array stories;
  for (const auto& story : facts.stories) {
    const auto* row = story.row ? &*story.row : nullptr;
    json::array streams;
    for (const auto& stream : story.streams) streams.push_back(stream_value(stream, row, facts));
    stories.push_back(
        json::object{{"row", row == nullptr ? json::value{} : json::value(row_value(*row))}, {"streams", streams}});
  }
  return json::serialize(json::object{{"id", text_value(facts.id)},
                                      {"found", is_found(facts)},
                                      {"stories", stories},
                                      {"unknown", texts_of(facts.unknown)}}) +
         "\n";
}

}  // namespace outboxd::daemon::trace
