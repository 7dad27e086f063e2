// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/redaction.hpp"
#include "telemetry/terminal.hpp"

#include <spdlog/formatter.h>
#include <spdlog/logger.h>

#include <memory>
#include <string_view>

/// The log: spdlog's default logger (`spdlog::info(…)` anywhere), one line a message on standard error.
/// Safe to use from any thread; never waits for the reader of standard error (terminal.hpp).
namespace outboxd::telemetry::log {

/// `text`: `2026-11-21T10:00:00.123Z info  message`, the readable form. `json`: one object per line, with time, level
/// and message.
enum class Format { text, json };

/// The level of a name: trace, debug, info, warn, error, critical, off. Throws std::invalid_argument that lists the
/// allowed names.
spdlog::level::level_enum level_named(std::string_view name);

/// Makes spdlog's default logger the one described here. May be called again, to change level or format, also while
/// other threads log.
/// Throws std::invalid_argument for an unknown level.
void set_up(std::string_view level, Format format);

/// Blocks until all lines are written, but no longer than a second. To be called before the process ends.
void flush();

/// Writes a readable text to standard error that is no log line, such as the errors in the configuration. Secrets are
/// masked; never waits for the reader.
void say(std::string_view text);

/// Like spdlog's default logger, but writes to `terminal`, which must outlive the logger.
std::shared_ptr<spdlog::logger> make_logger(Terminal& terminal, spdlog::level::level_enum level, Format format);

/// Turns one message into one line: time in UTC, secrets masked, cut to 4,000 bytes, and escaped, so that nothing in
/// it can end the line, control a terminal or break a parser.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(Format format) : format_(format) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override;
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  Format format_;
};

}  // namespace outboxd::telemetry::log
