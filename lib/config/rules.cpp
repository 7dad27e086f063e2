// SPDX-License-Identifier: Apache-2.0
#include "config/rules.hpp"

#include "config/text.hpp"
#include "config/units.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace outboxd::config {
namespace {

constexpr const char* kUnsignedEntries =
    "entries go out unsigned, and consumers drop and acknowledge what isn't signed unless their own mode is dev "
    "(they take an unset CARACAL_MODE for stable): set STREAMS_HMAC_KEY or STREAMS_HMAC_KEY_FILE";
constexpr const char* kNeedsKey =
    ", which needs a signing key: give one as STREAMS_HMAC_KEY, STREAMS_HMAC_KEY_FILE, --signing-key-file or "
    "signing.key_file";

/// The bounds of the back-off.
void check_pacing(const Layer& merged, Problems& problems) {
  const auto* const min = value_of<std::int64_t>(merged, "dispatcher.probe_min");
  const auto* const max = value_of<std::int64_t>(merged, "dispatcher.probe_max");
  if (min == nullptr || max == nullptr || *min <= *max) return;
  const Origin& of_min = merged.at("dispatcher.probe_min").origin;
  const Origin& of_max = merged.at("dispatcher.probe_max").origin;
  problems.push_back({outranks(of_max, of_min) ? of_max : of_min,
                      "dispatcher.probe_min = " + show_duration(*min) +
                          ": must not be above dispatcher.probe_max, which is " + show_duration(*max)});
}

/// A stream that is wanted and excluded.
void check_streams(const Layer& merged, Problems& problems) {
  using List = std::vector<std::string>;
  const List wanted = value_or_empty<List>(merged, "dispatcher.streams");
  for (const std::string& stream : value_or_empty<List>(merged, "dispatcher.exclude_streams")) {
    if (std::ranges::find(wanted, stream) == wanted.end()) continue;
    problems.push_back({merged.at("dispatcher.exclude_streams").origin,
                        "dispatcher.exclude_streams: has " + echoed(stream) +
                            ", and so has dispatcher.streams: take it out of one of them"});
  }
}

constexpr const char* kCustom = "custom";
constexpr const char* kCaracalOutbox = "caracal_outbox";
constexpr const char* kLayout = "dispatcher.layout";
constexpr const char* kColumns = "dispatcher.columns";
constexpr const char* kStates = "dispatcher.states";

/// Checks one layout; a setting that is wrong by itself has its problem already, and leads to no further one.
class LayoutCheck {
 public:
  LayoutCheck(const Layer& merged, Problems& problems)
      : merged_(merged),
        problems_(problems),
        layout_(value_or_empty(merged, kLayout)),
        columns_(value_or_empty<Names>(merged, kColumns)),
        states_(value_or_empty<Names>(merged, kStates)) {}

  void run() {
    if (layout_.empty()) return;
    if (layout_ != kCustom) {
      if (!columns_.empty()) only_for_custom(kColumns);
      if (!states_.empty()) only_for_custom(kStates);
      check_producer(layout_ == kCaracalOutbox, "set dispatcher.layout = \"caracal_outbox\"");
      return;
    }
    if (find(merged_, "dispatcher.table") == nullptr) {
      add(kLayout, "dispatcher.table is not set: a custom layout has no table of its own, so name it");
    }
    if (is_wrong(kColumns)) return;
    check_columns();
    check_producer(has("producer"), "name its column in dispatcher.columns: producer = \"<column>\"");
    if (!is_wrong(kStates)) check_states();
  }

 private:
  [[nodiscard]] bool has(const char* role) const { return columns_.contains(role); }

  [[nodiscard]] bool is_wrong(const char* path) const {
    const Entry* const entry = find(merged_, path);
    return entry != nullptr && !entry->value;
  }

  /// At the setting's place, if it is set, otherwise at the layout's.
  void add(const char* path, std::string text) {
    const Entry* const entry = find(merged_, path);
    problems_.push_back({entry == nullptr ? merged_.at(kLayout).origin : entry->origin, std::move(text)});
  }

  void only_for_custom(const char* path) {
    add(path, std::string(path) + ": layout " + layout_ +
                  " has names of its own: leave this out, or set dispatcher.layout = \"custom\"");
  }

  void check_producer(bool has_column, const std::string& remedy) {
    const auto producer = value_or_empty(merged_, "dispatcher.producer");
    if (producer.empty() || has_column) return;
    add("dispatcher.producer", "dispatcher.producer = " + echoed(producer) + ": layout " + layout_ +
                                   " has no column of producers: leave this out, or " + remedy);
  }

  void check_columns() {
    if (columns_.empty()) {
      add(kColumns,
          "dispatcher.columns is not set: a custom layout needs the columns of id, stream, payload, attempts, "
          "available_at, and of published_at or status");
      return;
    }
    for (const char* const role : {"id", "stream", "payload", "attempts", "available_at"}) {
      if (!has(role)) lacks_column(role, "which every layout needs");
    }
    if (find(merged_, "dispatcher.retention") != nullptr && !has("published_at")) {
      lacks_column("published_at",
                   "so it is not known how long ago a row was published, as dispatcher.retention needs");
    } else if (!has("published_at") && !has("status")) {
      lacks_column("published_at or status", "so a published row could not be distinguished from others");
    }
    if (has("locked_until") == has("locked_by")) return;
    const std::string there = has("locked_until") ? "locked_until" : "locked_by";
    lacks_column(has("locked_until") ? "locked_by" : "locked_until",
                 "but one of " + there + ": a lease needs both, or neither (then available_at is moved instead)");
  }

  /// Of several roles, the first is the example.
  void lacks_column(const std::string& roles, const std::string& reason) {
    add(kColumns, "dispatcher.columns: has no column of " + roles + ", " + reason + ": add " +
                      roles.substr(0, roles.find(' ')) + " = \"<column>\"");
  }

  void check_states() {
    if (!has("status")) {
      if (states_.empty()) return;
      add(kStates,
          "dispatcher.states: there is no column of status to hold them: leave this out, or add status = "
          "\"<column>\" to dispatcher.columns");
      return;
    }
    for (const char* const state : {"pending", "published", "dead"}) {
      if (!states_.contains(state)) lacks_word(state);
    }
  }

  void lacks_word(const std::string& state) {
    add(kStates, "dispatcher.states: has no word for " + state + ", and column " + echoed(columns_.at("status")) +
                     " needs one for each state: add " + state + " = \"<word>\"");
  }

  const Layer& merged_;
  Problems& problems_;
  std::string layout_;
  Names columns_;
  Names states_;
};

}  // namespace

void resolve_layout(Layer& merged) {
  const auto layout = value_or_empty(merged, kLayout);
  if (layout.empty() || layout == kCustom) return;
  const Origin by_default{Origin::Kind::defaults};
  merged.try_emplace("dispatcher.table", Entry{layout, by_default});
  if (layout == kCaracalOutbox) merged.try_emplace("dispatcher.producer", Entry{"coordinator", by_default});
}

void check_rules(const Layer& merged, const Needs& needs, Problems& problems) {
  if (needs.postgres && find(merged, "postgres.url") == nullptr) {
    problems.push_back({{},
                        "postgres.url is not set: give it in the environment as DATABASE_URL or DATABASE_URL_FILE, "
                        "as --postgres-url-file, or in the file as postgres.url"});
  }
  check_pacing(merged, problems);
  check_streams(merged, problems);
  LayoutCheck(merged, problems).run();
}

void check_signing(const Layer& merged, const Needs& needs, Findings& findings) {
  if (!needs.signing || find(merged, "signing.key") != nullptr) return;
  const auto mode = value_or_empty(merged, "mode");
  if (mode == "rc" || mode == "stable") {
    findings.problems.push_back({merged.at("mode").origin, "mode is " + mode + kNeedsKey});
  } else if (value_or_empty(merged, "signing.strict") == "true") {
    findings.problems.push_back(
        {merged.at("signing.strict").origin, std::string("signing.strict is true") + kNeedsKey});
  } else if (mode == "dev" || find(merged, "mode") == nullptr) {
    findings.warnings.push_back(
        {{}, "no signing key is set, and mode is " + (mode.empty() ? "not set" : mode) + ": " + kUnsignedEntries});
  }
}

}  // namespace outboxd::config
