// SPDX-License-Identifier: Apache-2.0
#include "postgres/session.hpp"

#include "postgres/conninfo.hpp"
#include "postgres/plain_settings.hpp"
#include "postgres/search_path.hpp"
#include "postgres/sqlstate.hpp"
#include "postgres/table_errors.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace outboxd::postgres {
namespace {

// Beyond the server's own time-out: the way there and back.
constexpr std::chrono::seconds kGrace{2};

std::chrono::milliseconds usual_timeout_of(const SessionOptions& options) {
  return options.usual_timeout.count() > 0 ? options.usual_timeout : options.statement_timeout;
}

// A connection that was used a moment ago is not one that was lost while it was idle.
constexpr std::chrono::milliseconds kIdle{200};

// synchronous_commit off: a claim or an outcome lost in a crash of the server means that a row is sent again, never
// that it is lost, and it saves waiting for a flush a batch.
// The planner's: what is claimed and settled is a small part of the table, found by its indexes, whatever the
// statistics say of a table that is empty at one moment and full at the next; and one plan does for all.
std::string settings_sql(const SessionOptions& options, bool for_one_transaction) {
  const std::string set = for_one_transaction ? "; SET LOCAL " : "; SET ";
  // A SQL_ASCII database holds bytes of any encoding, and Postgres would refuse a whole claim for one that isn't
  // UTF-8.
  return keep_to_catalog_sql(for_one_transaction) +
         "; SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN 'SQL_ASCII' THEN "
         "'SQL_ASCII' ELSE 'UTF8' END, " +
         std::string{for_one_transaction ? "true" : "false"} + ")" + set + "synchronous_commit = off" + set +
         "jit = off" + set + "client_min_messages = warning" + set + "enable_seqscan = off" + set +
         "enable_bitmapscan = off" + set + "plan_cache_mode = force_generic_plan" + set +
         "statement_timeout = " + std::to_string(usual_timeout_of(options).count()) + set +
         "lock_timeout = " + std::to_string(options.lock_timeout.count()) + plain_settings_sql(for_one_transaction);
}

bool takes_unicode(pqxx::nontransaction& transaction) {
  const auto encoding = text_of(exec(transaction, "SELECT pg_catalog.current_setting('server_encoding')")[0][0]);
  // The latter takes whatever bytes there are.
  return encoding == "UTF8" || encoding == "SQL_ASCII";
}

/// The quickest of a few: the first statement of a session has its catalogs to read.
std::chrono::nanoseconds measure_round_trip(pqxx::nontransaction& transaction) {
  auto quickest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 3; ++i) {
    const auto began = std::chrono::steady_clock::now();
    exec(transaction, "SELECT 1");
    quickest = std::min<std::chrono::nanoseconds>(quickest, std::chrono::steady_clock::now() - began);
  }
  return quickest;
}

}  // namespace

std::string session_settings(const SessionOptions& options) {
  return settings_sql(options, false) + "; SET default_transaction_isolation = 'read committed'";
}

Session::Session(const std::string& thread_name, SessionOptions options)
    : options_{std::move(options)}, cut_off_{options_.statement_timeout + kGrace}, thread_{thread_name} {}

void Session::close() {
  cut_off_.set_socket(-1);
  connection_.reset();
  used_at_.reset();
}

bool Session::is_usable() {
  if (!connection_ || !connection_->is_open()) return false;
  // Unasked, the server sends a notification, a changed setting, or, before it ends the session, an error.
  char first = 0;
  const auto peeked = ::recv(connection_->sock(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (peeked < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (peeked == 0 || first == 'E') return false;
  try {
    // Behind TLS only libpq can tell. The connection's end comes behind the error.
    for (int i = 0; i < 2; ++i) {
      if (notifications(*connection_) > 0) was_notified_ = true;
    }
  } catch (const std::exception&) {
    return false;
  }
  return connection_->is_open();
}

bool Session::was_lost_while_idle(const std::exception& error) const {
  if (!used_at_ || dynamic_cast<const pqxx::failure*>(&error) == nullptr) return false;
  const auto state = sqlstate_of(error);
  // 57P01 and 57P05: the server has ended the session, by an order or because it was idle, and carried nothing out.
  return state == "57P01" || state == "57P05" || (state.empty() && was_idle_);
}

void Session::ensure_open() {
  const auto now = std::chrono::steady_clock::now();
  was_idle_ = used_at_ && now - *used_at_ >= kIdle;
  if (!wanted_anew_ && is_usable()) return;
  // Its end says nothing of other sessions then.
  const bool ended_by_itself = std::exchange(was_idle_, false) && idling_ends_;
  close();
  connection_ = open();
  if (connections_ > 0 && !ended_by_itself) reopened_at_ = std::chrono::steady_clock::now();
  ++connections_;
  listens_ = false;
  wanted_anew_ = false;
  was_notified_ = false;
}

void Session::set_up(pqxx::connection& connection) {
  pqxx::nontransaction transaction{connection};
  pooled_ = options_.pooler == Pooler::transaction;
  // Before anything is set: a pooler hands its sessions from client to client, and nothing of a session's is ours.
  const auto server = exec(transaction,
                           "SELECT pg_catalog.pg_backend_pid(),"
                           " pg_catalog.current_setting('idle_session_timeout', true)")[0];
  if (options_.pooler == Pooler::found_by_looking) {
    pooled_ = text_of(server[0]) != std::to_string(connection.backendpid());
  }
  mode_ = {.settings = pooled_ ? settings_sql(options_, true) : "",
           .prepares = !pooled_,
           .takes_unicode = takes_unicode(transaction),
           .usual_timeout = usual_timeout_of(options_),
           .longest_timeout = options_.statement_timeout,
           .round_trip = measure_round_trip(transaction)};
  const auto idle_timeout = text_of(server[1]);
  idling_ends_ = !idle_timeout.empty() && idle_timeout != "0";
  prepared_.clear();
  if (pooled_) return;
  exec(transaction, session_settings(options_));
}

std::unique_ptr<pqxx::connection> Session::open() {
  try {
    auto fresh = open_a_host();
    cut_off_.set_socket(fresh->sock());
    const CutOff::Work guarded{cut_off_};
    // A pooler may let us in, and say only now that the server doesn't.
    set_up(*fresh);
    return fresh;
  } catch (const std::exception&) {
    if (options_.could_not_open) options_.could_not_open();
    throw;
  }
}

void Session::use_conninfo(std::string conninfo) {
  const std::lock_guard lock{conninfo_mutex_};
  options_.conninfo = std::move(conninfo);
}

std::string Session::conninfo() {
  const std::lock_guard lock{conninfo_mutex_};
  return options_.conninfo;
}

std::unique_ptr<pqxx::connection> Session::open_a_host() {
  try {
    return open_connection(with_hosts_turned(conninfo(), failed_opens_));
  } catch (const std::exception&) {
    ++failed_opens_;
    throw;
  }
}

void Session::look_for_notifications() {
  if (!listens_) return;
  try {
    if (notifications(*connection_) > 0) was_notified_ = true;
  } catch (const std::exception&) {
    // What was done before the connection went is done; whatever comes next finds it gone.
    was_notified_ = true;
  }
}

void Session::ring_for_input(const boost::asio::any_io_executor& loop, std::function<void()> ring) {
  if (was_notified_) {
    ring();
    return;
  }
  const int socket = cut_off_.duplicate();
  if (socket < 0) return;
  watch_ = std::make_shared<Watch>(Watch{boost::asio::posix::stream_descriptor{loop, socket}, std::move(ring)});
  watch_->socket.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                            [waits = std::weak_ptr{watch_}](boost::system::error_code error) {
                              const auto watch = waits.lock();
                              if (watch && !error) watch->ring();
                            });
}

dispatch::StoreError Session::explain(const std::string& purpose, const std::exception& error) {
  if (dynamic_cast<const UnfitTable*>(&error) != nullptr) return {.text = error.what(), .unfit = true};
  if (dynamic_cast<const LockedTable*>(&error) != nullptr) return {.text = purpose + ": " + error.what()};
  const auto meaning = meaning_of_sqlstate(sqlstate_of(error));
  if (meaning.reconnect) close();
  auto text = purpose + ": " + message_of(error, purpose);
  if (!meaning.remedy.empty()) text.append("; ").append(meaning.remedy);
  return {std::move(text), meaning.reconnect};
}

}  // namespace outboxd::postgres
