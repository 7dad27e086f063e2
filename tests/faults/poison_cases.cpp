// SPDX-License-Identifier: Apache-2.0
// Rows that can't be published: they end dead, each with its reason, and their neighbours are published.
#include "faults/case.hpp"
#include "support/outbox_table.hpp"

namespace outboxd::faults {
namespace {

constexpr int kRows = 64;

/// The values of a poison row, as SQL; `n` is its number.
struct Poison {
  std::string payload = "jsonb_build_object('n', n)";
  std::string attempts = "0";
  /// One of this many rows is poison, with neighbours before and after.
  int every = 8;
  /// A text that its last_error must contain.
  std::string reason;
};

/// Inserts all rows in one transaction, so that good and poison rows are claimed and sent together.
void insert(World& world, const Poison& poison) {
  const auto prefix = world.new_prefix("poison-");
  const auto bad = "n % " + std::to_string(poison.every) + " = " + std::to_string(poison.every / 2);
  std::string streams;
  for (const auto& stream : world.streams()) streams += (streams.empty() ? "" : ", ") + test::literal(stream);
  world.admin("INSERT INTO event_outbox (id, stream_name, payload_json, attempts) SELECT " + test::literal(prefix) +
              " || n, (ARRAY[" + streams + "])[1 + n % " + std::to_string(world.streams().size()) + "], CASE WHEN " +
              bad + " THEN " + poison.payload + " ELSE jsonb_build_object('n', n) END, CASE WHEN " + bad + " THEN " +
              poison.attempts + " ELSE 0 END FROM generate_series(1, " + std::to_string(kRows) + ") AS n");
  for (int n = poison.every / 2; n <= kRows; n += poison.every) {
    world.expect_dead(prefix + std::to_string(n), poison.reason);
  }
}

std::string padded(int bytes) {
  return "jsonb_build_object('n', n, 'pad', repeat('x', " + std::to_string(bytes) + "))";
}

Case too_large() {
  return {.fault = "poison: payloads over the limit",
          .step = "any",
          .harm = [](World& world) { insert(world, {.payload = padded(5'000), .reason = "over the limit of 4096"}); },
          .attempts = Attempts::none,
          .repeats_a_round = 0,
          .world = {.flags_of_last = {{"--max-payload-bytes", "4096"}}},
          .in_short = true};
}

/// Rows in the state that is left if their dispatcher died at each attempt.
Case attempts_exhausted() {
  return {.fault = "poison: rows whose dispatcher died at each attempt",
          .step = "any",
          .harm = [](World& world) { insert(world, {.attempts = "3", .reason = "had used 3 of 3 attempts"}); },
          .attempts = Attempts::none,
          .repeats_a_round = 0,
          .world = {.profile = "coordinator", .flags_of_last = {{"--max-attempts", "3"}}}};
}

/// Redis ends the connection each time it receives this row. After the first time the row is sent alone, so that its
/// neighbours fail with it only once. No reply to such a write counts, so entries that Redis had accepted are sent
/// again.
Case kills_the_connection(const std::string& setting, const std::string& reason) {
  constexpr int kEvery = 16;
  return {.fault = "poison: a row over Redis' " + setting,
          .step = "any",
          .harm =
              [setting, reason](World& world) {
                world.redis_command({"CONFIG", "SET", setting, "1mb"});
                insert(world, {.payload = padded(2'000'000), .every = kEvery, .reason = reason});
                // A row is found at fault only if other rows succeed between two of its failures: the load must go
                // on.
                world.await_expected_deaths();
              },
          .repeats_a_round = kRows / kEvery * kBatchRows,
          .world = {.profile = "coordinator", .flags_of_last = {{"--max-attempts", "3"}}},
          .says = "Redis",
          .in_short = setting == "client-query-buffer-limit"};
}

}  // namespace

std::vector<Case> poison_cases() {
  return {too_large(), attempts_exhausted(),
          kills_the_connection("client-query-buffer-limit", "gave up after 3 attempts"),
          kills_the_connection("proto-max-bulk-len", "gave up after 3 attempts")};
}

}  // namespace outboxd::faults
