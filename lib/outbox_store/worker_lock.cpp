// SPDX-License-Identifier: Apache-2.0
#include "outbox_store/worker_lock.hpp"

#include "outbox_table/worker_sql.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>
#include <thread>

namespace outboxd::outbox_store {

using outbox_table::worker_key_sql;
using postgres::exec;
using postgres::sqlstate_of;
using postgres::Statements;
using postgres::text_of;

namespace {

constexpr std::string_view kLocked = "outboxd:";
constexpr std::string_view kUnlocked = "pooled:";
constexpr std::size_t kDigits = 8;

// An older outboxd that checks whether this worker lives holds the lock exclusively for a moment.
constexpr int kTries = 4;
constexpr std::chrono::milliseconds kPause{15};

bool try_to_lock(Statements& statements, const std::string& worker) {
  const auto sql = "SELECT pg_try_advisory_lock_shared(" + worker_key_sql("$1::text") + ")";
  for (int tries = 1;; ++tries) {
    try {
      if (text_of(exec(statements, sql, worker)[0][0]) == "t") return true;
    } catch (const std::exception& error) {
      // The server's table of locks is full, which is no reason to stop working.
      if (!sqlstate_of(error).starts_with("53")) throw;
      return false;
    }
    if (tries == kTries) return false;
    std::this_thread::sleep_for(kPause);
  }
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Where the name's random digits are; its end where there are none.
std::size_t digits_of(const std::string& worker) {
  for (auto at = worker.find(':'); at != std::string::npos; at = worker.find(':', at + 1)) {
    const auto part = worker.substr(at + 1, worker.find(':', at + 1) - at - 1);
    if (part.size() == kDigits && std::ranges::all_of(part, is_hex)) return at + 1;
  }
  return worker.size() - std::min(kDigits, worker.size());
}

}  // namespace

bool WorkerLock::hold(Statements& statements, std::uint64_t connection, const std::string& worker) {
  if (connection != connection_) {
    connection_ = connection;
    held_.clear();
    tried_.clear();
  }
  if (held_.contains(worker)) return true;
  if (!tried_.insert(worker).second) return false;
  if (!try_to_lock(statements, worker)) return false;
  held_.insert(worker);
  return true;
}

std::string renamed_worker(std::string worker) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> digit{0, kHex.size() - 1};
  const auto begin = digits_of(worker);
  for (auto i = begin; i < std::min(begin + kDigits, worker.size()); ++i) worker[i] = kHex[digit(random)];
  return worker;
}

bool is_unlocked_worker(std::string_view worker) {
  return worker.starts_with(kUnlocked);
}

std::string unlocked_worker(std::string_view worker) {
  if (is_unlocked_worker(worker)) return std::string{worker};
  if (worker.starts_with(kLocked)) worker.remove_prefix(kLocked.size());
  return std::string{kUnlocked}.append(worker);
}

}  // namespace outboxd::outbox_store
