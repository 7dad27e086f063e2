// SPDX-License-Identifier: Apache-2.0
#include "replay/report.hpp"
#include "streams/json.hpp"

#include <boost/json.hpp>

#include <string_view>

namespace outboxd::replay {
namespace {

namespace json = boost::json;
using streams::json_text;

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(json_text(text));
}

json::value time_or_null(const std::optional<Moment>& moment) {
  return moment ? json::value(text_of(*moment)) : json::value(nullptr);
}

const char* name_of(StreamTally::End end) {
  switch (end) {
    case StreamTally::End::not_begun:
      return "not_begun";
    case StreamTally::End::complete:
      return "complete";
    case StreamTally::End::stopped:
      return "stopped";
    case StreamTally::End::refused:
      break;
  }
  return "refused";
}

void add_tally(json::object& object, const Plan& plan, const StreamTally& tally) {
  object["published"] = tally.published;
  object["unencodable"] = tally.unencodable.rows;
  object["unencodable_id"] = text_or_null(tally.unencodable.first);
  object["unencodable_why"] = text_or_null(tally.unencodable.why);
  object["gone"] = tally.gone.rows;
  object["possibly_sent"] = tally.possibly_sent.rows;
  object["end"] = name_of(tally.end);
  object["why"] = text_or_null(tally.why);
  object["last_id"] = text_or_null(tally.last);
  object["go_on"] = text_or_null(rest_of(plan, tally));
}

}  // namespace

std::string json_of(const Plan& plan, std::span<const StreamTally> tallies) {
  json::array streams;
  for (const auto& chosen : plan.streams) {
    json::object object{{"stream", json_text(chosen.stream)},
                        {"rows", chosen.rows},
                        {"nameless", chosen.nameless},
                        {"untimed", chosen.untimed},
                        {"oldest", text_or_null(chosen.oldest)},
                        {"newest", text_or_null(chosen.newest)},
                        {"oldest_kept", time_or_null(chosen.oldest_kept)},
                        {"maxlen", chosen.bound.maxlen}};
    for (const auto& tally : tallies) {
      if (tally.stream == chosen.stream) add_tally(object, plan, tally);
    }
    streams.emplace_back(std::move(object));
  }
  json::array left_out;
  for (const auto& [id, state] : plan.left_out) {
    left_out.emplace_back(json::object{{"id", json_text(id)}, {"state", state}});
  }
  json::array warnings;
  for (const auto& warning : warnings_of(plan)) warnings.emplace_back(json_text(warning));
  const json::object object{{"dispatcher", json_text(plan.dispatcher)},
                            {"table", json_text(plan.table)},
                            {"time_column", json_text(plan.time_column)},
                            {"since", time_or_null(plan.choice.since)},
                            {"until", time_or_null(plan.choice.until)},
                            {"rows", plan.rows()},
                            {"published", published_by(tallies)},
                            {"outside", plan.outside},
                            {"left_out", std::move(left_out)},
                            {"warnings", std::move(warnings)},
                            {"streams", std::move(streams)}};
  return json::serialize(object) + "\n";
}

}  // namespace outboxd::replay
