// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/observer.hpp"

namespace outboxd::test {

/// An observer that isn't interested; the base of those that look at one thing.
class SilentObserver : public dispatch::Observer {
 public:
  void claimed(std::size_t /*rows*/, std::chrono::nanoseconds /*took*/) override {}
  void wrote(std::size_t /*entries*/, std::chrono::nanoseconds /*took*/) override {}
  void settled(std::size_t /*rows*/, std::size_t /*leases_lost*/, std::chrono::nanoseconds /*took*/) override {}
  void published(std::string_view /*stream*/, std::size_t /*rows*/) override {}
  void failed(std::string_view /*stream*/, Fault /*fault*/, std::string_view /*reason*/) override {}
  void retried() override {}
  void released() override {}
  void died(std::string_view /*id*/, std::string_view /*stream*/, Fault /*fault*/,
            std::string_view /*reason*/) override {}
  void possible_duplicate() override {}
  void reserved_fields_dropped(std::string_view /*stream*/, std::size_t /*fields*/) override {}
  void ambiguous_entry(std::string_view /*id*/, std::string_view /*stream*/, std::string_view /*why*/,
                       bool /*dead*/) override {}
  void stream_blocked(std::string_view /*stream*/, std::string_view /*reason*/, std::size_t /*blocked*/) override {}
  void stream_freed(std::string_view /*stream*/, std::chrono::nanoseconds /*after*/,
                    std::size_t /*blocked*/) override {}
  void refused_by_store(std::span<const dispatch::RefusedRow> /*rows*/) override {}
  void held_up(std::size_t /*rows*/) override {}
  void wake_ups(bool /*there*/) override {}
  void woken() override {}
  void freed_rows_of(std::string_view /*worker*/) override {}
  void looks_are_slow(const dispatch::SlowLook& /*look*/) override {}
  void sampled(const dispatch::BacklogSample& /*sample*/) override {}
  void sample_failed(std::string_view /*reason*/) override {}
  void health(dispatch::Health /*health*/, std::string_view /*reason*/) override {}
};

}  // namespace outboxd::test
