// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"

#include <cstdint>

namespace outboxd::dispatch {

/// Counts since the dispatcher started. Once it has ended, claimed = published + retried + dead + released.
struct Tally {
  std::uint64_t claimed = 0;
  std::uint64_t published = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead = 0;
  std::uint64_t released = 0;
  /// Released rows that are not due again at once.
  std::uint64_t released_for_later = 0;
  /// Claimed rows whose outcome was not written because another worker had taken over the lease.
  std::uint64_t leases_lost = 0;
  /// Claimed rows whose outcome could not be written in time; they are claimed again when their lease ends.
  std::uint64_t unsettled = 0;
  /// Published and retried rows that will be, or may have been, sent more than once.
  std::uint64_t possible_duplicates = 0;
};

/// Keeps the tally of the observed events.
class TallyObserver final : public Observer {
 public:
  [[nodiscard]] const Tally& tally() const { return tally_; }

  void claimed(std::size_t rows, std::chrono::nanoseconds /*took*/) override { tally_.claimed += rows; }
  void settled(std::size_t /*rows*/, std::size_t leases_lost, std::chrono::nanoseconds /*took*/) override {
    tally_.leases_lost += leases_lost;
  }
  void published(std::string_view /*stream*/, std::size_t rows) override { tally_.published += rows; }
  void retried(std::string_view /*stream*/, Fault /*fault*/) override { ++tally_.retried; }
  void released(bool for_later) override {
    ++tally_.released;
    if (for_later) ++tally_.released_for_later;
  }
  void died(std::string_view /*id*/, std::string_view /*stream*/, Fault /*fault*/,
            std::string_view /*reason*/) override {
    ++tally_.dead;
  }
  void unsettled(std::size_t rows) override { tally_.unsettled += rows; }
  void possible_duplicate() override { ++tally_.possible_duplicates; }

 private:
  Tally tally_;
};

}  // namespace outboxd::dispatch
