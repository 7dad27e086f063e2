// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iomanip>
#include <sstream>

namespace outboxd::daemon::doctor {

std::string shell_word(std::string_view text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"._-/:=,+@%"}.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string{text};
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

std::string sql_command(const std::string& psql, const std::string& sql) {
  return psql + " -c " + shell_word(sql);
}

std::string span_text(std::chrono::seconds time) {
  const auto in = [&time](std::int64_t unit, const char* name) {
    return std::to_string(time.count() / unit) + " " + name;
  };
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (time.count() < 2 * kMinute) return in(1, "s");
  if (time.count() < 2 * kHour) return in(kMinute, "min");
  return time.count() < 2 * kDay ? in(kHour, "h") : in(kDay, "d");
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1024;
  if (bytes < static_cast<std::uint64_t>(kStep)) return std::to_string(bytes) + " B";
  auto size = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  for (; size >= kStep && unit + 1 < kUnits.size(); ++unit) size /= kStep;
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << size << " " << kUnits.at(unit);
  return text.str();
}

bool is_local_address(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" || host == "::1" ||
         host.starts_with("127.");
}

std::string sqlstate_in(std::string_view message) {
  struct Known {
    std::string_view part;
    std::string_view state;
  };
  constexpr std::array kKnown{
      Known{"too many connections", "53300"},
      Known{"too many clients", "53300"},
      Known{"connection slots are reserved", "53300"},
      Known{"authentication failed", "28P01"},
      Known{"no pg_hba.conf entry", "28000"},
      Known{"is not permitted to log in", "28000"},
      Known{"is starting up", "57P03"},
      Known{"is shutting down", "57P03"},
  };
  for (const auto& [part, state] : kKnown) {
    if (message.find(part) != std::string_view::npos) return std::string{state};
  }
  const bool no_database = message.find("database \"") != std::string_view::npos;
  return no_database && message.find("does not exist") != std::string_view::npos ? "3D000" : "";
}

std::string plain_name(const std::string& quoted) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  std::string plain;
  for (const char c : quoted) {
    if (c != '"' && c != '.' && !is_plain(c)) return quoted;
    if (c != '"') plain += c;
  }
  return plain;
}

Advice split_advice(const std::string& message) {
  // The beginnings of the remedies in lib/outbox_table/inspect.cpp and of stream_index.cpp.
  for (const std::string_view remedy : {": GRANT ", ": CREATE POLICY", ": create it", ": correct dispatcher",
                                        "; correct dispatcher", ": connect as a role", "; `outboxd migrate"}) {
    const auto at = message.rfind(remedy);
    if (at != std::string::npos) return {message.substr(0, at), message.substr(at + 2)};
  }
  return {message, ""};
}

}  // namespace outboxd::daemon::doctor
