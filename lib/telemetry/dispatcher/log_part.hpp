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

/// Of which dispatcher the log speaks, and by which clock.
struct LogContext {
  std::string dispatcher;
  std::function<std::chrono::steady_clock::time_point()> now;
};

/// What the log says on one concern of a dispatcher: a line when something happens, reminders of what lasts, and a
/// summary each minute of what had no line.
class LogPart : public dispatch::Observer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `context` outlives this.
  explicit LogPart(const LogContext& context) : context_{context} {}

  /// Time goes by; called about once a second. Writes the reminders that are due.
  virtual void beat(TimePoint /*now*/) {}
  /// Writes the summaries of minutes that are over; `all`: of those that aren't, too.
  virtual void write_summaries(TimePoint /*now*/, bool /*all*/) {}

 protected:
  [[nodiscard]] const std::string& name() const { return context_.dispatcher; }
  [[nodiscard]] TimePoint now() const { return context_.now(); }

 private:
  const LogContext& context_;
};

// Names come from rows, and reasons from servers: of a line they get a part, so that the rest can be read.

/// For names, and where there are many reasons.
[[nodiscard]] std::string brief(std::string_view text);
[[nodiscard]] std::string cut(std::string_view reason);
/// " of stream s"; nothing where there is no name.
[[nodiscard]] std::string of_stream(std::string_view stream);
/// " (reason)"; nothing where there is none.
[[nodiscard]] std::string in_brackets(std::string_view reason);

/// Of how many among so many no id is listed.
[[nodiscard]] std::uint64_t unlisted(const std::vector<Digest::Id>& ids, std::uint64_t count);
/// ": a, b (2 times), ..."; nothing where there are no ids.
[[nodiscard]] std::string listed(const std::vector<Digest::Id>& ids, std::uint64_t count);

}  // namespace outboxd::telemetry
