// SPDX-License-Identifier: Apache-2.0
// Redis answers with refusals, of all commands or of one stream.
#include "faults/case.hpp"
#include "support/socket.hpp"

#include <thread>

namespace outboxd::faults {
namespace {

using Command = std::vector<std::string>;

/// All entries are refused for a while. Every request is answered, so no attempt is spent, and there are no repeats.
Case refused(std::string fault, const std::string& says, std::vector<Command> harm, std::vector<Command> heal,
             bool in_short = false) {
  return {.fault = std::move(fault),
          .step = "any",
          .harm =
              [harm = std::move(harm), heal = std::move(heal)](World& world) {
                world.any_moment();
                for (const auto& command : harm) world.redis_command(command);
                World::lasts(kAWhile);
                for (const auto& command : heal) world.redis_command(command);
              },
          .attempts = Attempts::none,
          .repeats_a_round = 0,
          .says = says,
          .in_short = in_short};
}

/// Only the last stream is refused: the others continue, and its rows spend no attempts either.
Case one_stream(std::string fault, std::function<void(World&)> harm, std::function<void(World&)> heal,
                bool in_short) {
  return {.fault = std::move(fault),
          .step = "any",
          .harm =
              [harm = std::move(harm), heal = std::move(heal)](World& world) {
                harm(world);
                World::lasts(milliseconds{1'000});
                for (std::size_t i = 0; i + 1 < world.streams().size(); ++i) world.expect_flow(world.streams()[i]);
                heal(world);
              },
          .attempts = Attempts::none,
          .repeats_a_round = 0,
          .in_short = in_short};
}

/// Runs the commands in one transaction, so that the daemon sees all or none of their effects.
void at_once(World& world, const std::vector<Command>& commands) {
  auto probe = world.redis().probe();
  probe.command("MULTI");
  for (const auto& command : commands) probe.send(command);
  probe.command("EXEC");
}

Case wrong_type() {
  return one_stream(
      "another type at one stream's key",
      [](World& world) {
        const auto& stream = world.streams().back();
        at_once(world, {{"RENAME", stream, "aside"}, {"SET", stream, "not a stream"}});
      },
      [](World& world) {
        const auto& stream = world.streams().back();
        at_once(world, {{"DEL", stream}, {"RENAME", "aside", stream}});
      },
      true);
}

Case no_right_to_one_key() {
  return one_stream(
      "no right to one stream's key (NOPERM)",
      [](World& world) {
        Command command{"ACL", "SETUSER", "relay", "resetkeys"};
        for (std::size_t i = 0; i + 1 < world.streams().size(); ++i) command.push_back("~" + world.streams()[i]);
        world.redis_command(command);
      },
      [](World& world) {
        world.redis_command({"ACL", "SETUSER", "relay", "allkeys"});
      },
      false);
}

Case renamed_command() {
  return {.fault = "XADD renamed, Redis restarted twice",
          .step = "any",
          .harm =
              [](World& world) {
                world.restart_redis_with("rename-command XADD \"\"\n");
                World::lasts(kAWhile);
                world.restart_redis_with("");
              },
          .world = {.redis_snapshots = true},
          .says = "Redis",
          .returns = Server::redis};
}

Case busy() {
  auto busy = refused("a script keeps Redis busy (BUSY)", "Redis", {}, {});
  busy.harm = [](World& world) {
    world.redis_command({"CONFIG", "SET", "busy-reply-threshold", "20"});
    auto spare = world.redis().probe();
    std::thread script([&world] { world.redis().probe().send({"EVAL", "while true do end", "0"}); });
    World::lasts(kAWhile);
    spare.command("SCRIPT", "KILL");
    script.join();
  };
  // In its first moments Redis answers no command at all, so rows in flight may be unanswered.
  busy.attempts = Attempts::in_flight;
  busy.repeats_a_round.reset();
  return busy;
}

Case no_clients() {
  auto full = refused("no more clients (maxclients)", "Redis", {}, {});
  full.harm = [](World& world) {
    auto probe = world.redis().probe();
    probe.command("CONFIG", "SET", "maxclients", "1");
    probe.command("CLIENT", "KILL", "TYPE", "normal");
    World::lasts(kAWhile);
    probe.command("CONFIG", "SET", "maxclients", "1000");
  };
  full.attempts = Attempts::in_flight;
  full.repeats_a_round.reset();
  return full;
}

}  // namespace

std::vector<Case> redis_refusal_cases() {
  const auto nowhere = std::to_string(test::free_port());
  auto switched_off = refused("user switched off (WRONGPASS)", "Redis",
                              {{"ACL", "SETUSER", "relay", "off"}, {"CLIENT", "KILL", "USER", "relay"}},
                              {{"ACL", "SETUSER", "relay", "on"}});
  // A batch may have been in flight on the killed connection.
  switched_off.attempts = Attempts::in_flight;
  switched_off.repeats_a_round.reset();
  return {
      refused("maxmemory reached (OOM)", "OOM", {{"CONFIG", "SET", "maxmemory", "1"}},
              {{"CONFIG", "SET", "maxmemory", "0"}}, true),
      refused("demoted to a replica (READONLY)", "READONLY", {{"REPLICAOF", "127.0.0.1", nowhere}},
              {{"REPLICAOF", "NO", "ONE"}}, true),
      refused("too few replicas (NOREPLICAS)", "NOREPLICAS", {{"CONFIG", "SET", "min-replicas-to-write", "1"}},
              {{"CONFIG", "SET", "min-replicas-to-write", "0"}}),
      refused("XADD forbidden and allowed (NOPERM)", "NOPERM", {{"ACL", "SETUSER", "relay", "-xadd"}},
              {{"ACL", "SETUSER", "relay", "+xadd"}}, true),
      std::move(switched_off),
      no_clients(),
      busy(),
      renamed_command(),
      wrong_type(),
      no_right_to_one_key(),
  };
}

}  // namespace outboxd::faults
