// SPDX-License-Identifier: Apache-2.0
#include "postgres/server_text.hpp"

#include "outbox/server_text.hpp"
#include "outbox/utf8.hpp"
#include "postgres/condition_names.hpp"
#include "postgres/known_messages.hpp"

#include <algorithm>

namespace outboxd::postgres {
namespace {

constexpr std::size_t kLongestText = 300;
constexpr std::string_view kOfAHost = "connection to server ";

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

/// libpqxx 7.10 puts a prepared statement's name before the server's message.
std::string_view without_statement(std::string_view line) {
  constexpr std::string_view kBefore = "Failure during '";
  constexpr std::string_view kBehind = "': ";
  if (!line.starts_with(kBefore)) return line;
  const auto end = line.find(kBehind, kBefore.size());
  return end == std::string_view::npos ? line : line.substr(end + kBehind.size());
}

/// "ERROR:", in the server's language; libpq puts two blanks after it, as in none of its own texts.
std::string_view severity_of(std::string_view line) {
  constexpr std::string_view kBehind = ":  ";
  const auto colon = line.find(':');
  const bool has_one = colon != std::string_view::npos && colon > 0 && line.substr(colon).starts_with(kBehind) &&
                       line.substr(0, colon).find(' ') == std::string_view::npos;
  return has_one ? line.substr(0, colon + kBehind.size()) : std::string_view{};
}

std::string_view without_severity(std::string_view line) {
  line.remove_prefix(severity_of(line).size());
  const auto start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view{} : line.substr(start);
}

std::string said_by_the_server(std::string_view primary, std::string_view ours) {
  auto known = server_text::shown_as_known(primary, kKnownMessages, ours);
  return known ? std::move(*known) : "in words that may hold contents of rows; the server's log has them";
}

/// One line of libpq's own; while connecting, it ends with the server's message.
std::string said_by_the_client(std::string_view line) {
  constexpr std::string_view kFailed = " failed: ";
  const auto failed = line.find(kFailed);
  if (line.starts_with(kOfAHost) && failed != std::string_view::npos) {
    const auto before = line.substr(0, failed + kFailed.size());
    const auto reason = line.substr(before.size());
    if (!severity_of(reason).empty()) {
      return utf8::shortened(before, kLongestText) + said_by_the_server(without_severity(reason), {});
    }
  }
  return utf8::shortened(line, kLongestText);
}

bool is_of_the_client(std::string_view line) {
  return severity_of(line).empty() &&
         std::ranges::any_of(kOfTheClient, [line](std::string_view begin) { return line.starts_with(begin); });
}

// How libpqxx 6.4 reports a connection that was lost before the statement.
bool is_lost_connection(std::string_view line) {
  return line.starts_with("Could not obtain client encoding");
}

std::string shown_without_sqlstate(std::string_view line, std::string_view others, std::string_view ours) {
  if (is_lost_connection(line)) return "the connection was lost";
  if (!is_of_the_client(line))
    return "an error without a SQLSTATE: " + said_by_the_server(without_severity(line), ours);
  auto text = said_by_the_client(line);
  while (line.starts_with(kOfAHost) && !others.empty()) {
    // One for each host.
    const auto other = take_line(others);
    if (other.starts_with(kOfAHost)) text.append("; ").append(said_by_the_client(other));
  }
  return text;
}

}  // namespace

std::string shown_message(std::string_view sqlstate, std::string_view what, std::string_view ours) {
  auto rest = what;
  const auto line = without_statement(take_line(rest));
  if (sqlstate.empty()) return shown_without_sqlstate(line, rest, ours);
  std::string text{sqlstate};
  if (const auto name = condition_name(sqlstate); !name.empty()) text.append(" (").append(name).append(")");
  return text.append(": ").append(said_by_the_server(without_severity(line), ours));
}

std::string whole_message(std::string_view what) {
  auto rest = what;
  std::string message{without_severity(without_statement(take_line(rest)))};
  if (is_lost_connection(message)) return "the connection was lost";
  std::string extra;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (line.starts_with(kOfAHost)) {
      // One for each host.
      message.append("; ").append(line);
    } else if (line.starts_with("DETAIL:") || line.starts_with("HINT:")) {
      auto text = line.substr(line.find(':') + 1);
      while (text.starts_with(' ')) text.remove_prefix(1);
      extra += (extra.empty() ? "" : " ") + std::string(text);
    }
  }
  return extra.empty() ? message : message + " (" + extra + ")";
}

}  // namespace outboxd::postgres
