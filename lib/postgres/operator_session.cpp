// SPDX-License-Identifier: Apache-2.0
#include "postgres/operator_session.hpp"

#include <boost/asio/post.hpp>

namespace outboxd::postgres {
namespace {

// The time beyond the server's own time-out, for the way there and back.
constexpr std::chrono::seconds kGrace{2};

std::string or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

}  // namespace

OperatorSession::OperatorSession(const SessionOptions& options, Access access)
    : mode_{.settings = access == Access::read ? reading_settings(options) : writing_settings(options),
            .usual_timeout = options.statement_timeout,
            .longest_timeout = options.statement_timeout},
      watchdog_{options.statement_timeout + kGrace},
      connection_{open_connection(options.conninfo)} {
  watchdog_.set_socket(connection_->sock());
  guard_.emplace(watchdog_, loop_.get_executor());
  thread_ = std::thread{[this] { loop_.run(); }};
  try {
    pooled_ = options.pooler == Pooler::transaction;
    if (options.pooler == Pooler::autodetect) {
      pooled_ = run([this](Statements& statements) {
        const auto pid = exec(statements, "SELECT pg_catalog.pg_backend_pid()");
        return text_of(pid[0][0]) != std::to_string(connection_->backendpid());
      });
    }
  } catch (...) {
    // The destructor of an unfinished object isn't called, and a thread must be joined.
    loop_.stop();
    thread_.join();
    throw;
  }
}

OperatorSession::~OperatorSession() {
  loop_.stop();
  thread_.join();
}

std::string OperatorSession::host() const {
  return or_empty(connection_->hostname());
}

std::string OperatorSession::port() const {
  return or_empty(connection_->port());
}

std::string OperatorSession::database() const {
  return or_empty(connection_->dbname());
}

}  // namespace outboxd::postgres
