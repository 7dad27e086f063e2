// SPDX-License-Identifier: Apache-2.0
#include "config/rules.hpp"
#include "config/text.hpp"

#include <utility>

namespace outboxd::config {
namespace {

constexpr const char* kCustom = "custom";
constexpr const char* kCaracalOutbox = "caracal_outbox";
constexpr const char* kLayout = "dispatcher.layout";
constexpr const char* kColumns = "dispatcher.columns";
constexpr const char* kStates = "dispatcher.states";

/// Looks at one layout; a setting that is wrong by itself has its problem already, and nothing follows from it.
class LayoutCheck {
 public:
  LayoutCheck(const Layer& merged, Problems& problems)
      : merged_(merged),
        problems_(problems),
        layout_(value_or_empty<std::string>(merged, kLayout)),
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

  /// At the place of the setting, if it was given, else of the layout.
  void add(const char* path, std::string text) {
    const Entry* const entry = find(merged_, path);
    problems_.push_back({entry == nullptr ? merged_.at(kLayout).origin : entry->origin, std::move(text)});
  }

  void only_for_custom(const char* path) {
    add(path, std::string(path) + ": layout " + layout_ +
                  " has names of its own: leave this out, or set dispatcher.layout = \"custom\"");
  }

  void check_producer(bool has_column, const std::string& remedy) {
    const auto producer = value_or_empty<std::string>(merged_, "dispatcher.producer");
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
      if (!has(role)) lacks_column(role, "which every layout needs", role);
    }
    if (!has("published_at") && !has("status")) {
      lacks_column("published_at or status", "so a published row could not be told from others", "published_at");
    }
    if (has("locked_until") == has("locked_by")) return;
    const char* const missing = has("locked_until") ? "locked_by" : "locked_until";
    const std::string present = has("locked_until") ? "locked_until" : "locked_by";
    lacks_column(missing,
                 "but one of " + present + ": a lease needs both, or neither (then available_at is moved instead)",
                 missing);
  }

  void lacks_column(const std::string& role, const std::string& reason, const std::string& example) {
    add(kColumns,
        "dispatcher.columns: has no column of " + role + ", " + reason + ": add " + example + " = \"<column>\"");
  }

  void check_states() {
    const auto status = columns_.find("status");
    if (status == columns_.end()) {
      if (states_.empty()) return;
      add(kStates,
          "dispatcher.states: there is no column of status to hold them: leave this out, or add status = "
          "\"<column>\" to dispatcher.columns");
      return;
    }
    for (const std::string state : {"pending", "published", "dead"}) {
      if (states_.contains(state)) continue;
      add(kStates, "dispatcher.states: has no word for " + state + ", and column " + echoed(status->second) +
                       " needs one for each state: add " + state + " = \"<word>\"");
    }
  }

  const Layer& merged_;
  Problems& problems_;
  std::string layout_;
  Names columns_;
  Names states_;
};

}  // namespace

void settle_layout(Layer& merged) {
  const auto layout = value_or_empty<std::string>(merged, kLayout);
  if (layout.empty() || layout == kCustom) return;
  const Origin by_default{Origin::Kind::defaults};
  merged.try_emplace("dispatcher.table", Entry{layout, by_default});
  if (layout == kCaracalOutbox) merged.try_emplace("dispatcher.producer", Entry{"coordinator", by_default});
}

void check_layout(const Layer& merged, Problems& problems) {
  LayoutCheck(merged, problems).run();
}

}  // namespace outboxd::config
