// SPDX-License-Identifier: Apache-2.0
// The signing key is rotated by the steps of deploy/README.md while rows are published, and no consumer rejects an
// entry: one reads with the library for C++, the other one with deploy/verify.py.
#include "entry/verify.hpp"
#include "support/outbox_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using outboxd::entry::FieldView;
using outboxd::entry::is_valid;
using outboxd::entry::Verifier;
using outboxd::test::Child;
using outboxd::test::contains;
using outboxd::test::contract_database;
using outboxd::test::count_rows;
using outboxd::test::Database;
using outboxd::test::find_program;
using outboxd::test::insert_rows;
using outboxd::test::new_stream;
using outboxd::test::outboxd_environment;
using outboxd::test::RedisProbe;
using outboxd::test::run_outboxd;
using outboxd::test::shared_redis;
using outboxd::test::start_outboxd;
using outboxd::test::TempDir;
using outboxd::test::wait_until;

namespace {

const std::string kOldHex(64, 'a');
const std::string kNewHex(64, 'b');

Verifier verifier_of(const std::string& hex) {
  const auto byte = static_cast<std::uint8_t>(std::stoi(hex.substr(0, 2), nullptr, 16));
  return Verifier{std::vector<std::uint8_t>(hex.size() / 2, byte)};
}

/// A file appears whole, so that nobody reads half a key.
void put_key(const TempDir& folder, const std::string& name, const std::string& hex) {
  std::filesystem::rename(folder.write(name + ".writing", hex + "\n"), folder / name);
}

/// What a consumer has done so far.
struct Tally {
  std::string held;
  std::int64_t by_new = 0;
  std::int64_t by_old = 0;
  std::int64_t rejected = 0;

  [[nodiscard]] std::int64_t read() const { return by_new + by_old + rejected; }
};

/// Of the group `cpp`: accepts the keys new.key and old.key, as far as they are in the folder. It reads when it is
/// asked to, so that a test can hold it up.
class CppConsumer {
 public:
  CppConsumer(const TempDir& keys, std::string stream) : keys_{keys}, stream_{std::move(stream)} {}

  void read() {
    const bool takes_new = std::filesystem::exists(keys_ / "new.key");
    const bool takes_old = std::filesystem::exists(keys_ / "old.key");
    const auto read = redis_.send({"XREADGROUP", "GROUP", "cpp", "c", "COUNT", "500", "STREAMS", stream_, ">"});
    if (read.elements.empty()) return;
    std::vector<std::string> acknowledge{"XACK", stream_, "cpp"};
    for (const auto& entry : read.elements.at(0).elements.at(1).elements) {
      std::vector<FieldView> fields;
      const auto& flat = entry.elements.at(1).elements;
      for (std::size_t i = 0; i + 1 < flat.size(); i += 2) fields.push_back({flat[i].text, flat[i + 1].text});
      if (takes_new && is_valid(new_.check(stream_, fields))) {
        ++tally.by_new;
      } else if (takes_old && is_valid(old_.check(stream_, fields))) {
        ++tally.by_old;
      } else {
        ++tally.rejected;
      }
      acknowledge.push_back(entry.elements.at(0).text);
    }
    CHECK_FALSE(redis_.send(acknowledge).is_error());
  }

  Tally tally{};

 private:
  const TempDir& keys_;
  std::string stream_;
  RedisProbe redis_ = shared_redis().probe();
  Verifier old_ = verifier_of(kOldHex);
  Verifier new_ = verifier_of(kNewHex);
};

/// The last line that tests/consumers/rotating_consumer.py has printed.
Tally tally_of(const Child& python) {
  auto text = python.out();
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n'));
  const auto line = text.substr(text.rfind('\n') + 1);
  const auto after = [&line](std::string_view name) -> std::int64_t {
    const auto at = line.find(std::string{"; "} + std::string{name} + ' ');
    return at == std::string::npos ? 0 : std::stoll(line.substr(at + name.size() + 3));
  };
  const auto held = std::string_view{line}.substr(0, line.find(';'));
  return {std::string{held}, after("new.key"), after("old.key"), after("rejected")};
}

/// Inserts rows for as long as it is waited for something.
class Load {
 public:
  Load(const Database& database, std::string stream) : database_{database}, stream_{std::move(stream)} {}

  void insert(int rows) { insert_rows(database_, "r" + std::to_string(next_++) + "-", stream_, rows); }

  void until(const std::string& what, const std::function<bool()>& is_true) {
    wait_until(
        [&] {
          insert(10);
          return is_true();
        },
        std::chrono::seconds(30), what);
  }

 private:
  const Database& database_;
  std::string stream_;
  int next_ = 0;
};

}  // namespace

TEST_CASE("a signing key is rotated under load: no entry is rejected, and --unread says when the old key can go") {
  const auto database = contract_database();
  const auto stream = new_stream("rotated");
  auto redis = shared_redis().probe();
  for (const auto* group : {"cpp", "python"}) redis.command("XGROUP", "CREATE", stream, group, "$", "MKSTREAM");
  const TempDir accepted;    // by the consumers
  const TempDir dispatcher;  // the daemon's own, and both for the command
  put_key(accepted, "old.key", kOldHex);
  put_key(dispatcher, "signing.key", kOldHex);
  dispatcher.write("old.key", kOldHex);
  dispatcher.write("new.key", kNewHex);

  auto variables = outboxd_environment(database);
  variables.erase("STREAMS_HMAC_KEY");
  variables["STREAMS_HMAC_KEY_FILE"] = (dispatcher / "signing.key").string();
  const auto daemon = start_outboxd({"--http-listen", "off", "--poll-interval", "5ms"}, variables);
  CppConsumer cpp{accepted, stream};
  Child python({.command = {find_program("python3"), OUTBOXD_SOURCE_DIR "/tests/consumers/rotating_consumer.py",
                            OUTBOXD_SOURCE_DIR "/deploy", shared_redis().unix_socket().string(),
                            accepted.path().string(), stream, "python"},
                .environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}}});
  Load load{database, stream};
  const auto says = [&](const std::string& group, const std::string& words) {
    const auto result =
        run_outboxd({"streams", "check-signatures", stream, "--unread", group, "--key-file",
                     (dispatcher / "new.key").string(), "--key-file", (dispatcher / "old.key").string()},
                    variables);
    CHECK_MESSAGE(result.status == 0, result.out, result.err);
    return contains(result.out, "key " + verifier_of(kOldHex).key_id() + " (" + (dispatcher / "old.key").string() +
                                    "): group " + group + " " + words);
  };
  const auto both_read = [&](std::int64_t by_old, std::int64_t by_new) {
    cpp.read();
    const auto theirs = tally_of(python);
    return std::min(cpp.tally.by_old, theirs.by_old) >= by_old && std::min(cpp.tally.by_new, theirs.by_new) >= by_new;
  };
  load.until("both consumers to read entries of the old key", [&] { return both_read(30, 0); });

  // 1. The consumers accept both keys.
  put_key(accepted, "new.key", kNewHex);
  load.until("the consumer in Python to hold both keys",
             [&] { return tally_of(python).held == "held new.key,old.key"; });
  // The other consumer is held up meanwhile, and so needs the old key for longer.
  const auto length = redis.xlen(stream);
  load.until("unread entries of the old key", [&] { return redis.xlen(stream) > length; });

  // 2. The dispatcher signs with the new key; rows are in flight at that moment.
  put_key(dispatcher, "signing.key", kNewHex);
  load.insert(500);
  daemon->signal(SIGHUP);
  load.until("the dispatcher to use the new key", [&] {
    return contains(daemon->err(), "SIGHUP: entries are signed with key " + verifier_of(kNewHex).key_id());
  });
  load.until("the consumer in Python to read entries of the new key", [&] { return tally_of(python).by_new >= 30; });

  // 3. The command says which group still needs the old key, and when none does.
  CHECK(says("cpp", "still needs it for "));
  load.until("no group to need the old key", [&] {
    cpp.read();
    return says("cpp", "doesn't need it") && says("python", "doesn't need it");
  });

  // 4. The consumers drop it.
  std::filesystem::remove(accepted / "old.key");
  load.until("the consumer in Python to drop the old key", [&] { return tally_of(python).held == "held new.key"; });
  const auto dropped = tally_of(python).by_new;
  load.until("both consumers to go on with the new key alone", [&] { return both_read(0, dropped + 30); });

  const auto rows = count_rows(database);
  wait_until([&] {
    cpp.read();
    return cpp.tally.read() >= rows && tally_of(python).read() >= rows;
  });
  daemon->signal(SIGTERM);
  python.signal(SIGTERM);
  CHECK(daemon->wait() == 0);
  CHECK_MESSAGE(python.wait() == 0, python.err());
  const auto theirs = tally_of(python);
  CHECK(cpp.tally.rejected == 0);
  CHECK(theirs.rejected == 0);
  CHECK(cpp.tally.read() == rows);
  CHECK(cpp.tally.by_old == theirs.by_old);
  CHECK(cpp.tally.by_new == theirs.by_new);
  const auto whole = run_outboxd({"streams", "check-signatures", stream, "--json", "--key-file",
                                  (dispatcher / "new.key").string(), "--key-file", (dispatcher / "old.key").string()},
                                 variables);
  CHECK_MESSAGE(contains(whole.out, R"("well_signed":)" + std::to_string(rows) + R"(,"wrong":0,"unsigned":0)"),
                whole.out);
  for (const auto count : {cpp.tally.by_new, cpp.tally.by_old}) {
    CHECK_MESSAGE(contains(whole.out, R"("entries":)" + std::to_string(count)), whole.out);
  }
}
