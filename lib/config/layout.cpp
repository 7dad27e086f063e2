// SPDX-License-Identifier: Apache-2.0
#include "config/layout.hpp"

#include "config/text.hpp"

#include <array>
#include <string>
#include <utility>

namespace outboxd::config {
namespace {

constexpr const char* kCustom = "custom";
constexpr const char* kCaracalOutbox = "caracal_outbox";
constexpr std::array kNeeded = {"id", "stream", "payload", "attempts", "available_at"};
constexpr std::array kStates = {"pending", "published", "dead"};

const Entry* find(const Layer& merged, const char* path) {
  const auto found = merged.find(path);
  return found == merged.end() ? nullptr : &found->second;
}

std::string text_of(const Layer& merged, const char* path) {
  const Entry* const entry = find(merged, path);
  return entry == nullptr || !entry->value ? "" : std::get<std::string>(*entry->value);
}

Names names_of(const Layer& merged, const char* path) {
  const Entry* const entry = find(merged, path);
  return entry == nullptr || !entry->value ? Names() : std::get<Names>(*entry->value);
}

bool is_wrong(const Layer& merged, const char* path) {
  const Entry* const entry = find(merged, path);
  return entry != nullptr && !entry->value;
}

/// Looks at one layout; a setting that is wrong by itself has its problem already, and nothing follows from it.
class LayoutCheck {
 public:
  LayoutCheck(const Layer& merged, Problems& problems)
      : merged_(merged),
        problems_(problems),
        layout_(text_of(merged, "dispatcher.layout")),
        columns_(names_of(merged, "dispatcher.columns")),
        states_(names_of(merged, "dispatcher.states")) {}

  void run() {
    if (layout_.empty()) return;
    if (layout_ != kCustom) {
      only_for_custom("dispatcher.columns", !columns_.empty());
      only_for_custom("dispatcher.states", !states_.empty());
      check_producer(layout_ == kCaracalOutbox, "set dispatcher.layout = \"caracal_outbox\"");
      return;
    }
    if (find(merged_, "dispatcher.table") == nullptr) {
      add("dispatcher.layout", "dispatcher.table is not set: a custom layout has no table of its own, so name it");
    }
    if (is_wrong(merged_, "dispatcher.columns")) return;
    check_columns();
    check_producer(has("producer"), "name its column in dispatcher.columns: producer = \"<column>\"");
    if (!is_wrong(merged_, "dispatcher.states")) check_states();
  }

 private:
  [[nodiscard]] bool has(const char* role) const { return columns_.find(role) != columns_.end(); }

  /// At the place of the setting, if it was given, else of the layout.
  void add(const char* path, std::string text) {
    const Entry* entry = find(merged_, path);
    if (entry == nullptr) entry = find(merged_, "dispatcher.layout");
    problems_.push_back({entry->origin, std::move(text)});
  }

  void only_for_custom(const char* path, bool given) {
    if (!given) return;
    add(path, std::string(path) + ": layout " + layout_ +
                  " has names of its own: leave this out, or set dispatcher.layout = \"custom\"");
  }

  void check_producer(bool has_column, const std::string& remedy) {
    const std::string producer = text_of(merged_, "dispatcher.producer");
    if (producer.empty() || has_column) return;
    add("dispatcher.producer", "dispatcher.producer = " + echoed(producer) + ": layout " + layout_ +
                                   " has no column of producers: leave this out, or " + remedy);
  }

  void check_columns() {
    if (columns_.empty()) {
      add("dispatcher.columns",
          "dispatcher.columns is not set: a custom layout needs the columns of id, stream, payload, attempts, "
          "available_at, and of published_at or status");
      return;
    }
    for (const char* const role : kNeeded) {
      if (!has(role)) lacks_column(role, "which every layout needs", role);
    }
    if (!has("published_at") && !has("status")) {
      lacks_column("published_at or status", "so a published row could not be told from others", "published_at");
    }
    if (has("locked_until") != has("locked_by")) {
      const bool until = has("locked_until");
      const char* const missing = until ? "locked_by" : "locked_until";
      const std::string present = until ? "locked_until" : "locked_by";
      lacks_column(missing,
                   "but one of " + present + ": a lease needs both, or neither (then available_at is moved instead)",
                   missing);
    }
  }

  void lacks_column(const std::string& role, const std::string& reason, const std::string& example) {
    add("dispatcher.columns",
        "dispatcher.columns: has no column of " + role + ", " + reason + ": add " + example + " = \"<column>\"");
  }

  void check_states() {
    if (!has("status")) {
      if (states_.empty()) return;
      add("dispatcher.states",
          "dispatcher.states: there is no column of status to hold them: leave this out, or add status = "
          "\"<column>\" to dispatcher.columns");
      return;
    }
    for (const char* const state : kStates) {
      if (states_.find(state) != states_.end()) continue;
      add("dispatcher.states", std::string("dispatcher.states: has no word for ") + state + ", and column " +
                                   echoed(columns_.find("status")->second) + " needs one for each state: add " +
                                   state + " = \"<word>\"");
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
  const std::string layout = text_of(merged, "dispatcher.layout");
  if (layout.empty() || layout == kCustom) return;
  const Origin by_default{Origin::Kind::defaults};
  merged.try_emplace("dispatcher.table", Entry{layout, by_default});
  if (layout == kCaracalOutbox) merged.try_emplace("dispatcher.producer", Entry{"coordinator", by_default});
}

void check_layout(const Layer& merged, Problems& problems) {
  LayoutCheck(merged, problems).run();
}

}  // namespace outboxd::config
