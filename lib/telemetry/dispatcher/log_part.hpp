// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"
#include "telemetry/digest.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::telemetry {

/// The dispatcher that log lines name, and their clock.
struct LogContext {
  std::string dispatcher;
  std::function<std::chrono::steady_clock::time_point()> now;
};

/// The log lines on one concern of a dispatcher: a line for an event, reminders of a lasting state, and a summary
/// each minute of the events that had no line.
class LogPart : public dispatch::Observer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `context` outlives this.
  explicit LogPart(const LogContext& context) : context_{context} {}

  /// To be called about once a second. Writes the reminders that are due.
  virtual void beat(TimePoint /*now*/) {}
  /// Writes the summaries of minutes that are over; `all`: also of the current minute.
  virtual void write_summaries(TimePoint /*now*/, bool /*all*/) {}

 protected:
  [[nodiscard]] const std::string& name() const { return context_.dispatcher; }
  [[nodiscard]] TimePoint now() const { return context_.now(); }

 private:
  const LogContext& context_;
};

// Names come from rows, and reasons from servers: a line contains only a part of them, so that it stays readable.

/// Shortens names, and reasons where a line has many.
[[nodiscard]] std::string brief(std::string_view text);
[[nodiscard]] std::string cut(std::string_view reason);
/// " of stream s"; nothing where there is no name.
[[nodiscard]] std::string of_stream(std::string_view stream);
/// " (reason)"; nothing where there is none.
[[nodiscard]] std::string in_brackets(std::string_view reason);

/// How many of `count` events have no listed id.
[[nodiscard]] std::uint64_t unlisted(const std::vector<Digest::Id>& ids, std::uint64_t count);
/// ": a, b (2 times), ..."; nothing where there are no ids.
[[nodiscard]] std::string listed(const std::vector<Digest::Id>& ids, std::uint64_t count);

}  // namespace outboxd::telemetry
