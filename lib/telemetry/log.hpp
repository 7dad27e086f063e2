// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "telemetry/redaction.hpp"
#include "telemetry/terminal.hpp"

#include <spdlog/formatter.h>
#include <spdlog/logger.h>

#include <memory>
#include <string_view>

/// The log: spdlog's default logger (`spdlog::info(…)` anywhere), one line a message on standard error.
/// Safe to use from any thread, and waits for nobody who reads it (terminal.hpp).
namespace outboxd::telemetry::log {

/// `text`: `2026-11-21T10:00:00.123Z info  message`, for people. `json`: one object a line, with time, level,
/// message.
enum class Format { text, json };

/// The level of a name: trace, debug, info, warn, error, critical, off.
/// Throws std::invalid_argument, naming what is allowed.
spdlog::level::level_enum level_named(std::string_view name);

/// Makes spdlog's default logger the one described here. May be called again, to change level or format, also while
/// other threads log.
/// Throws std::invalid_argument for an unknown level.
void set_up(std::string_view level, Format format);

/// Blocks until what was logged is written, and no longer than a second. Before the process ends.
void flush();

/// A text for people on standard error that is no line of the log, such as what is wrong with the configuration.
/// Secrets are masked; waits for nobody.
void say(std::string_view text);

/// As spdlog's default, but writing to `terminal`; it must outlive the logger.
std::shared_ptr<spdlog::logger> make_logger(Terminal& terminal, spdlog::level::level_enum level, Format format);

/// Turns one message into one line: time in UTC, secrets masked, cut to 4,000 bytes, then nothing in it that could
/// end the line, drive a terminal or break a parser.
class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(Format format) : format_(format) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override;
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  Format format_;
};

}  // namespace outboxd::telemetry::log
