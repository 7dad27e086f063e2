// SPDX-License-Identifier: Apache-2.0
#include "postgres/reconnecting_connection.hpp"

#include "postgres/sqlstate.hpp"
#include "postgres/table_errors.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace outboxd::postgres {
namespace {

// A connection that was used a moment ago is not one that was lost while it was idle.
constexpr std::chrono::milliseconds kIdle{200};

}  // namespace

void ReconnectingConnection::close() {
  watchdog_.set_socket(-1);
  open_.connection.reset();
  used_at_.reset();
}

bool ReconnectingConnection::is_usable() {
  const auto& connection = open_.connection;
  if (!connection || !connection->is_open()) return false;
  // Unasked, the server sends a notification, a changed setting, or an error before it ends the session.
  char first = 0;
  const auto peeked = ::recv(connection->sock(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (peeked < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (peeked == 0 || first == 'E') return false;
  try {
    // With TLS only libpq can decide. The connection's end follows the error.
    for (int i = 0; i < 2; ++i) {
      if (notifications(*connection) > 0) connection_.was_notified_ = true;
    }
  } catch (const std::exception&) {
    return false;
  }
  return connection->is_open();
}

bool ReconnectingConnection::was_lost_while_idle(const std::exception& error) const {
  if (!used_at_ || dynamic_cast<const pqxx::failure*>(&error) == nullptr) return false;
  const auto state = sqlstate_of(error);
  // 57P01 and 57P05: the server has ended the session, by an order or because it was idle, and executed nothing.
  return state == "57P01" || state == "57P05" || (state.empty() && was_idle_);
}

void ReconnectingConnection::ensure_open() {
  const auto now = std::chrono::steady_clock::now();
  was_idle_ = used_at_ && now - *used_at_ >= kIdle;
  if (!connection_.wanted_anew_ && is_usable()) return;
  // Its end means nothing for other sessions then.
  const bool ended_by_itself = std::exchange(was_idle_, false) && open_.idling_ends;
  close();
  open_ = connector_.open();
  auto reopened_at = connection_.reopened_at_;
  if (connection_.number_ > 0 && !ended_by_itself) reopened_at = std::chrono::steady_clock::now();
  const auto number = connection_.number_ + 1;
  connection_ = {};
  connection_.number_ = number;
  connection_.pooled_ = open_.pooled;
  connection_.reopened_at_ = reopened_at;
}

void ReconnectingConnection::look_for_notifications() {
  if (!connection_.listens_) return;
  try {
    if (notifications(*open_.connection) > 0) connection_.was_notified_ = true;
  } catch (const std::exception&) {
    // The work was done before the connection was lost; the next work will find it lost.
    connection_.was_notified_ = true;
  }
}

dispatch::StoreError ReconnectingConnection::explain(const std::string& purpose, const std::exception& error) {
  if (dynamic_cast<const UnfitTable*>(&error) != nullptr) return {.text = error.what(), .unfit = true};
  if (dynamic_cast<const LockedTable*>(&error) != nullptr) return {.text = purpose + ": " + error.what()};
  const auto meaning = meaning_of_sqlstate(sqlstate_of(error));
  if (meaning.reconnect) close();
  auto text = purpose + ": " + message_of(error, purpose);
  if (!meaning.remedy.empty()) text.append("; ").append(meaning.remedy);
  const bool login_refused = is_login_refusal(sqlstate_of(error), error.what());
  return {.text = std::move(text), .unreachable = meaning.reconnect, .login_refused = login_refused};
}

}  // namespace outboxd::postgres
