// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace outboxd::telemetry {

/// All series of one name, as text.
class FamilyText {
 public:
  FamilyText() = default;
  FamilyText(const FamilyText&) = delete;
  FamilyText& operator=(const FamilyText&) = delete;
  virtual ~FamilyText() = default;

  virtual void append_to(std::string& text) const = 0;
};

/// A label's value with its quotes and escapes, and several labels in braces; nothing where there are none.
[[nodiscard]] std::string labels_text(const prometheus::Labels& labels);

/// "# HELP" and "# TYPE", as lines.
[[nodiscard]] std::string header_text(std::string_view name, std::string_view help, std::string_view type);

// `series` is a counter's or gauge's name with its labels; of a histogram's name and labels its lines are made.
void append_line(std::string& text, std::string_view series, double value);
void append_lines(std::string& text, std::string_view name, std::string_view labels,
                  const prometheus::Histogram& histogram);

/// The series of one name. prometheus::Family copies the labels of each series at each scrape, which takes as long
/// for a thousand series as all else for twenty thousand; here the labels are text from the start.
template <class Metric>
class Family final : public FamilyText {
 public:
  static constexpr bool kIsHistogram = std::is_same_v<Metric, prometheus::Histogram>;

  Family(std::string name, std::string_view help)
      : name_{std::move(name)}, header_{header_text(name_, help, type())} {}

  /// The series with these labels; it exists from now on. `arguments` are those of the metric's constructor.
  template <class... Arguments>
  Metric& Add(const prometheus::Labels& labels, const Arguments&... arguments) {
    return series_.try_emplace(key_of(labels), arguments...).first->second;
  }
  /// Ends the series with these labels.
  void remove(const prometheus::Labels& labels) { series_.erase(key_of(labels)); }

  void append_to(std::string& text) const override {
    if (series_.empty()) return;
    text += header_;
    for (const auto& [key, metric] : series_) {
      if constexpr (kIsHistogram) {
        append_lines(text, name_, key, metric);
      } else {
        append_line(text, key, metric.Value());
      }
    }
  }

 private:
  static constexpr std::string_view type() {
    if constexpr (kIsHistogram) return "histogram";
    return std::is_same_v<Metric, prometheus::Counter> ? "counter" : "gauge";
  }
  [[nodiscard]] std::string key_of(const prometheus::Labels& labels) const {
    return kIsHistogram ? labels_text(labels) : name_ + labels_text(labels);
  }

  std::string name_;
  std::string header_;
  /// By their text.
  std::map<std::string, Metric> series_;
};

/// Families by their names. For one thread.
class Families {
 public:
  /// The family of this name, which is made where there is none. Throws std::logic_error where it has another type.
  template <class Metric>
  Family<Metric>& family(const std::string& name, std::string_view help) {
    auto& known = families_[name];
    if (!known) known = std::make_unique<Family<Metric>>(name, help);
    if (auto* family = dynamic_cast<Family<Metric>*>(known.get())) return *family;
    throw std::logic_error(name + " has two types");
  }

  /// The text of all of them, in Prometheus' text format, version 0.0.4.
  void append_to(std::string& text) const {
    for (const auto& [name, family] : families_) family->append_to(text);
  }

 private:
  std::map<std::string, std::unique_ptr<FamilyText>> families_;
};

}  // namespace outboxd::telemetry
