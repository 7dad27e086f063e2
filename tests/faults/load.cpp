// SPDX-License-Identifier: Apache-2.0
#include "faults/load.hpp"

#include "postgres/pqxx_compat.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace outboxd::faults {
namespace {

// 200 rows a second: enough rows for every batch, and far below the servers' capacity.
constexpr int kRowsAtOnce = 10;
constexpr std::chrono::milliseconds kPause{50};

// A fault may make all other sessions read-only or lock the table; these settings keep the service going.
constexpr const char* kSettings = "SET default_transaction_read_only = off; SET lock_timeout = '200ms'";

}  // namespace

Load::Load(std::function<test::Database()> database, std::vector<std::string> streams, std::string prefix)
    : database_(std::move(database)), streams_(std::move(streams)), prefix_(std::move(prefix)) {
  thread_ = std::thread([this] { work(); });
}

const std::vector<std::string>& Load::stop() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  return committed_;
}

std::string Load::next_insert(std::vector<std::string>& ids) {
  std::string sql = "INSERT INTO event_outbox (id, stream_name, payload_json) VALUES ";
  ids.clear();
  for (int i = 0; i < kRowsAtOnce; ++i, ++next_) {
    ids.push_back(prefix_ + std::to_string(next_));
    const auto& stream = streams_[static_cast<std::size_t>(next_) % streams_.size()];
    sql.append(i == 0 ? "('" : ", ('").append(ids.back()).append("', '").append(stream);
    sql.append("', '{\"n\":").append(std::to_string(next_)).append(R"(,"event":"session.revoked","zone":"z-1"}'))");
  }
  return sql;
}

void Load::work() {
  std::unique_ptr<pqxx::connection> connection;
  std::vector<std::string> ids;
  for (auto next = std::chrono::steady_clock::now(); !over_; std::this_thread::sleep_until(next)) {
    next = std::max(next + kPause, std::chrono::steady_clock::now());
    try {
      if (!connection) {
        connection = database_().connect();
        pqxx::nontransaction session(*connection);
        postgres::exec(session, kSettings);
      }
      pqxx::nontransaction session(*connection);
      postgres::exec(session, next_insert(ids));
      committed_.insert(committed_.end(), ids.begin(), ids.end());
    } catch (const pqxx::failure&) {
      // Refused, lost or in doubt: the ids don't count as committed, and the next attempt opens a new connection.
      connection.reset();
    }
  }
}

}  // namespace outboxd::faults
