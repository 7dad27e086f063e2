// SPDX-License-Identifier: Apache-2.0
// Postgres' disk is full: existing bytes can be overwritten, but files can't grow.
#include "faults/case.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/wait.hpp"

#include <stdexcept>

namespace outboxd::faults {
namespace {

constexpr const char* kAdvice = "free space on the server's disk";

void await_advice(World& world) {
  const auto given = [&world] { return world.daemon(0).err().find(kAdvice) != std::string::npos; };
  test::wait_until(given, std::chrono::seconds(20), "the daemon to find the disk full");
}

Case data_disk_full() {
  return {.fault = "data disk full (ENOSPC, 53100) 2 s",
          .step = kSettleAsked.name,
          .harm =
              [](World& world) {
                // Stop at the first settlement of a burst, so that rows are left to claim: the service can't insert.
                world.stop_at(kSettleAsked);
                // While this transaction is open, no older row version can be overwritten, so updates need room.
                const auto holder = world.database().connect();
                pqxx::work old_transaction(*holder);
                old_transaction.exec("SELECT pg_current_xact_id()");
                world.small_disk().fill();
                world.go_on(kSettleAsked);
                await_advice(world);
                World::lasts(kAWhile);
                world.small_disk().make_room();
              },
          .world = {.small_disk_for = "/base/"},
          // Only errors of the daemon's statements have this advice; the service's inserts fail as well.
          .says = kAdvice,
          .postgres_says = "No space left on device",
          .in_short = true};
}

/// Switches to new WAL segments until the disk is full. Postgres then stops, and its own restart fails.
void use_up_wal(World& world) {
  const auto has_ended = [&world] {
    try {
      world.admin("SELECT pg_switch_wal()");
    } catch (const pqxx::failure&) {
      // That was the last segment.
    }
    return !world.postgres().running();
  };
  test::wait_until(has_ended, std::chrono::seconds(20), "Postgres to end for want of WAL");
}

bool starts(test::PrivatePostgres& postgres) {
  try {
    postgres.start();
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

Case wal_disk_full() {
  return {.fault = "WAL disk full (ENOSPC, PANIC) 2 s",
          .step = "any",
          .harm =
              [](World& world) {
                world.any_moment();
                world.small_disk().fill();
                use_up_wal(world);
                World::lasts(kAWhile);
                if (starts(world.postgres())) throw std::logic_error("Postgres started without room for its WAL");
                world.small_disk().make_room();
                world.postgres().start();
              },
          .repeats_a_round = kForgotten,
          .world = {.small_disk_for = "/pg_wal/"},
          .says = "Postgres",
          .postgres_says = "PANIC:  could not write to file",
          .returns = Server::postgres};
}

}  // namespace

std::vector<Case> disk_cases() {
  return {data_disk_full(), wal_disk_full()};
}

}  // namespace outboxd::faults
