// SPDX-License-Identifier: Apache-2.0
// Postgres' disk is full: what it has may be overwritten, and nothing grows.
#include "faults/case.hpp"
#include "postgres/pqxx_compat.hpp"
#include "support/wait.hpp"

#include <stdexcept>

namespace outboxd::faults {
namespace {

constexpr milliseconds kAWhile{2'000};
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
                // The first of a burst, so that there are rows left to claim: the service can insert no more.
                world.stop_at(kSettleAsked);
                // While this is open, no row's older version may be overwritten: an update needs room.
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
          // Only the daemon's own statement ends in this advice; the service's inserts fail as well.
          .says = kAdvice,
          .postgres_says = "No space left on device",
          .in_short = true};
}

/// Goes on to a new segment until there is none to be had, which Postgres doesn't survive, nor its own restart.
void use_up_wal(World& world) {
  const auto has_ended = [&world] {
    try {
      world.admin("SELECT pg_switch_wal()");
    } catch (const pqxx::failure&) {
      // That was the last one.
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
