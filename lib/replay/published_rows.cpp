// SPDX-License-Identifier: Apache-2.0
#include "replay/published_rows.hpp"

#include "entry/encoder.hpp"
#include "postgres/array_literal.hpp"
#include "streams/shown.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace outboxd::replay {

using outbox_table::ReplaySql;
using postgres::array_literal;
using postgres::exec;
using postgres::Parameter;
using postgres::Statements;
using postgres::text_of;
using streams::shown;

namespace {

// Their ids are in memory, at most 4 KiB each. Without an index each such window takes a look at every row.
constexpr const char* kRowsPerWindow = "10000";

std::uint64_t number_of(const pqxx::field& field) {
  return std::stoull(text_of(field));
}

/// How well a state explains what happens to an id, which need not be unique in a partitioned table.
bool explains_better(const std::string& state, const std::string& than) {
  return than.empty() || state == "published" || than == "foreign";
}

/// Nothing: its payload did not fit into the batch.
std::optional<Row> row_of(const pqxx::row& line, const std::string& stream) {
  if (line["payload"].is_null() && line["oversize_bytes"].is_null()) return std::nullopt;
  Row row{.id = text_of(line["id"]), .stream = stream, .payload_json = text_of(line["payload"])};
  if (!line["oversize_bytes"].is_null()) row.oversize_bytes = number_of(line["oversize_bytes"]);
  if (line["dedupe_key"].is_null()) return row;
  row.dedupe_key = text_of(line["dedupe_key"]);
  const auto bytes = number_of(line["dedupe_key_bytes"]);
  if (bytes > entry::kMaxNameBytes) row.overlong_dedupe_key = bytes;
  return row;
}

}  // namespace

PublishedRows::PublishedRows(const outbox_store::RowStoreOptions& options)
    : table_{options, outbox_store::CommandTable::Access::read} {}

pqxx::result PublishedRows::run(std::string ReplaySql::*statement, const Parameters& parameters) {
  pqxx::result rows;
  table_.use([&](Statements& statements, const outbox_table::Layout&) {
    const auto sql = outbox_table::make_replay_sql(table_.shape(), table_.terms());
    rows = statements.run(sql.*statement, parameters);
  });
  return rows;
}

Moment PublishedRows::now() {
  std::string text;
  table_.use([&text](Statements& statements, const outbox_table::Layout&) {
    text = text_of(exec(statements, "SELECT (extract(epoch FROM now()) * 1000000)::bigint")[0][0]);
  });
  return Moment{std::chrono::microseconds{std::stoll(text)}};
}

PublishedRows::Parameters PublishedRows::filter_for(const std::string& stream,
                                                    const std::optional<Place>& after) const {
  const auto time = [](const std::optional<Moment>& moment) {
    return moment ? Parameter{text_of(*moment)} : Parameter{};
  };
  Parameters parameters{stream, time(choice_.since), time(choice_.until),
                        choice_.ids.empty() ? Parameter{} : Parameter{array_literal(choice_.ids)}};
  for (const auto part : {&Place::published, &Place::due, &Place::id, &Place::part, &Place::place}) {
    parameters.push_back(after ? Parameter{(*after).*part} : Parameter{});
  }
  return parameters;
}

Plan PublishedRows::plan(const Choice& choice) {
  choice_ = choice;
  after_.reset();
  Plan plan{.choice = choice, .now = now()};
  find_ids(plan);
  find_streams(plan);
  find_after(plan);
  count(plan);
  plan.table = table_.terms().table;
  plan.time_column = published_time_column(table_.shape());
  plan.is_exact_time = plan.time_column == table_.shape().published_at;
  return plan;
}

void PublishedRows::find_ids(Plan& plan) {
  for (const auto& stream : choice_.streams) plan.streams.push_back({.stream = stream});
  if (choice_.ids.empty()) return;
  std::map<std::string, std::string> states;
  std::set<std::string> streams;
  const auto is_asked = [this](const std::string& stream) {
    return choice_.streams.empty() || std::ranges::find(choice_.streams, stream) != choice_.streams.end();
  };
  for (const auto& row : run(&ReplaySql::ids, {array_literal(choice_.ids)})) {
    auto state = text_of(row["state"]);
    const auto stream = text_of(row["stream"]);
    if (state == "published" && !is_asked(stream)) state = "other stream";
    if (state == "published") streams.insert(stream);
    auto& known = states[text_of(row["id"])];
    if (explains_better(state, known)) known = state;
  }
  for (const auto& id : choice_.ids) {
    const auto found = states.find(id);
    const auto state = found == states.end() ? std::string{"unknown"} : found->second;
    if (state != "published") plan.left_out.push_back({id, state});
  }
  if (!choice_.streams.empty()) return;
  for (const auto& stream : streams) plan.streams.push_back({.stream = stream});
}

void PublishedRows::find_streams(Plan& plan) {
  if (plan.streams.empty()) return;
  std::vector<std::string> names;
  for (const auto& chosen : plan.streams) names.push_back(chosen.stream);
  for (const auto& row : run(&ReplaySql::streams, {array_literal(names)})) {
    const auto name = text_of(row["stream"]);
    if (text_of(row["known"]) != "t") {
      throw std::runtime_error("stream " + shown(name) + ": table " + table_.terms().table +
                               " has no row of it for this dispatcher; check the name, --dispatcher and its "
                               "settings streams and exclude_streams; rows that a retention has removed can't be "
                               "published again");
    }
    const auto chosen = std::ranges::find(plan.streams, name, &ChosenRows::stream);
    chosen->oldest_kept = moment_of(text_of(row["oldest"]), plan.now);
    chosen->untimed = number_of(row["untimed"]);
  }
}

void PublishedRows::find_after(Plan& plan) {
  if (!choice_.after) return;
  std::map<std::string, Place> places;
  for (const auto& row : run(&ReplaySql::place, {*choice_.after})) {
    // Of several rows with this id the first one: to send a row once more is harmless, to skip one is not.
    places.emplace(text_of(row["stream"]), Place{*choice_.after, text_of(row["published"]), text_of(row["due"]),
                                                 text_of(row["part"]), text_of(row["place"])});
  }
  const auto begin =
      std::ranges::find_if(plan.streams, [&](const auto& chosen) { return places.contains(chosen.stream); });
  if (begin == plan.streams.end()) {
    throw std::runtime_error("--after " + shown(*choice_.after) +
                             ": no chosen stream has a published row with this id in the table; go on from a time "
                             "with --since");
  }
  after_ = places[begin->stream];
  plan.streams.erase(plan.streams.begin(), begin);
}

void PublishedRows::count(Plan& plan) {
  std::uint64_t left = choice_.ids.size() - std::min(choice_.ids.size(), plan.left_out.size());
  for (auto& chosen : plan.streams) {
    const bool is_first = &chosen == &plan.streams.front();
    const auto row = run(&ReplaySql::chosen, filter_for(chosen.stream, is_first ? after_ : std::nullopt))[0];
    chosen.rows = number_of(row["rows"]);
    chosen.nameless = number_of(row["nameless"]);
    chosen.oldest = text_of(row["oldest"]);
    chosen.newest = text_of(row["newest"]);
    left -= std::min(left, chosen.rows);
  }
  // With --after they were published by an earlier command.
  if (!choice_.after) plan.outside = left;
}

std::vector<Place> PublishedRows::next(const std::string& stream, const std::optional<Place>& after) {
  auto parameters = filter_for(stream, after);
  parameters.emplace_back(kRowsPerWindow);
  std::vector<Place> places;
  for (const auto& row : run(&ReplaySql::window, parameters)) {
    places.push_back({text_of(row["id"]), text_of(row["published"]), text_of(row["due"]), text_of(row["part"]),
                      text_of(row["place"])});
  }
  return places;
}

Batch PublishedRows::read(const std::string& stream, std::span<const Place> places) {
  std::vector<std::string> ids;
  std::vector<std::string> parts;
  std::vector<std::string> in_part;
  for (const auto& place : places) {
    ids.push_back(place.id);
    parts.push_back(place.part);
    in_part.push_back(place.place);
  }
  const auto answer =
      run(&ReplaySql::payloads, {array_literal(ids), stream, array_literal(parts), array_literal(in_part)});
  // By the place's number, as several may have one id.
  std::map<std::uint64_t, std::optional<Row>> found;
  for (const auto& line : answer) found[number_of(line["n"])] = row_of(line, stream);
  Batch batch;
  for (const auto& id : ids) {
    const auto row = found.find(batch.taken + 1);
    if (row == found.end()) {
      batch.gone.push_back(id);
    } else if (row->second) {
      batch.rows.push_back(std::move(*row->second));
    } else {
      break;
    }
    ++batch.taken;
  }
  // The first one always fits, unless it takes too long.
  if (batch.taken == 0) {
    throw std::runtime_error("row " + shown(ids.front()) +
                             ": Postgres did not print its payload within a second; try again, or go on after it");
  }
  return batch;
}

}  // namespace outboxd::replay
