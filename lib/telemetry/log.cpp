// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"

#include "outbox/utf8.hpp"
#include "telemetry/escape.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace outboxd::telemetry::log {

namespace {

constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 7> kLevels{{
    {"trace", spdlog::level::trace},
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warn", spdlog::level::warn},
    {"error", spdlog::level::err},
    {"critical", spdlog::level::critical},
    {"off", spdlog::level::off},
}};

/// spdlog's own names differ ("warning"), and the names of settings should be the names in the log.
std::string_view name_of(spdlog::level::level_enum level) {
  for (const auto& [name, value] : kLevels) {
    if (value == level) return name;
  }
  return "off";
}

/// RFC 3339 in UTC, to the millisecond.
std::string timestamp(spdlog::log_clock::time_point time) {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::floor<milliseconds>(time.time_since_epoch());
  const auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t seconds = whole.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::array<char, 48> full{};
  std::snprintf(full.data(), full.size(), "%s.%03dZ", date.data(), static_cast<int>((since_epoch - whole).count()));
  return full.data();
}

std::string text_line(const spdlog::details::log_msg& message, std::string_view payload) {
  constexpr std::size_t kLevelWidth = 5;
  std::string line = timestamp(message.time);
  std::string level(name_of(message.level));
  if (level.size() < kLevelWidth) level.resize(kLevelWidth, ' ');
  line.append(" ").append(level).append(" ");
  append_printable(line, payload);
  return line.append("\n");
}

std::string json_line(const spdlog::details::log_msg& message, std::string_view payload) {
  std::string line = R"({"time":")" + timestamp(message.time) + R"(","level":")";
  line.append(name_of(message.level)).append(R"(","message":")");
  append_json(line, payload);
  return line.append("\"}\n");
}

// Longer lines, with a server's text for instance, are not read to their end; escapes may make them longer still.
constexpr std::size_t kLongestMessage = 4'000;

std::string line_about_dropped(Format format, std::uint64_t lines) {
  const auto text = std::to_string(lines) + (lines == 1 ? " log line was" : " log lines were") +
                    " dropped, as standard error was not read, or could not be written";
  spdlog::memory_buf_t line;
  LineFormatter{format}.format({"", spdlog::level::warn, text}, line);
  return {line.data(), line.size()};
}

void tell_of_dropped(Terminal& terminal, Format format) {
  terminal.on_dropped([format](std::uint64_t lines) { return line_about_dropped(format, lines); });
}

class TerminalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TerminalSink(Terminal& terminal, Format format)
      : base_sink(std::make_unique<LineFormatter>(format)), terminal_(terminal) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    terminal_.write({line.data(), line.size()});
  }

  // No line is buffered here: each goes to the terminal at once.
  void flush_() override {}

 private:
  Terminal& terminal_;
};

}  // namespace

spdlog::level::level_enum level_named(std::string_view name) {
  std::string known;
  for (const auto& [candidate, level] : kLevels) {
    if (candidate == name) return level;
    known.append(known.empty() ? "" : ", ").append(candidate);
  }
  throw std::invalid_argument("unknown log level \"" + std::string(name) + "\"; use one of " + known);
}

void set_up(std::string_view level, Format format) {
  static std::shared_ptr<spdlog::logger> ours;
  const auto wanted = level_named(level);
  if (!ours || spdlog::default_logger_raw() != ours.get()) {
    ours = make_logger(Terminal::standard_error(), wanted, format);
    spdlog::set_default_logger(ours);
    return;
  }
  // Other threads may be writing a line: the logger must stay, and changes these under its locks.
  ours->set_formatter(std::make_unique<LineFormatter>(format));
  ours->set_level(wanted);
  tell_of_dropped(Terminal::standard_error(), format);
}

void flush() {
  constexpr std::chrono::seconds kPatience{1};
  Terminal::standard_error().flush(kPatience);
}

void say(std::string_view text) {
  std::string line = redacted(text);
  if (!line.ends_with('\n')) line += '\n';
  Terminal::standard_error().write(line);
}

std::shared_ptr<spdlog::logger> make_logger(Terminal& terminal, spdlog::level::level_enum level, Format format) {
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<TerminalSink>(terminal, format));
  logger->set_level(level);
  // spdlog's own handler writes to standard error, and waits for its reader.
  logger->set_error_handler([&terminal](const std::string&) { terminal.lose_a_line(); });
  tell_of_dropped(terminal, format);
  return logger;
}

void LineFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) {
  // Masked before it is escaped, as a secret with a quote in it would not be found afterwards.
  const std::string payload =
      utf8::shortened(redacted({message.payload.data(), message.payload.size()}), kLongestMessage);
  const std::string line = format_ == Format::json ? json_line(message, payload) : text_line(message, payload);
  to.append(line.data(), line.data() + line.size());
}

std::unique_ptr<spdlog::formatter> LineFormatter::clone() const {
  return std::make_unique<LineFormatter>(format_);
}

}  // namespace outboxd::telemetry::log
