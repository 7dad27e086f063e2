// SPDX-License-Identifier: Apache-2.0
// Which changed settings a running daemon takes over on a reload, and which take a restart.
#include "daemon/settings/changes.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using outboxd::test::TempDir;

namespace outboxd::daemon {
namespace {

using Texts = std::vector<std::string>;

config::Loaded loaded(const std::string& toml) {
  const TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", toml).string();
  auto result = config::load(sources, {.postgres = false});
  // Origins differ, as each file is in a folder of its own.
  for (auto& item : result.effective) item.origin = {};
  CHECK(result.problems.empty());
  return result;
}

struct Case {
  std::string before;
  std::string now;
  Texts taken_over;
  Texts need_restart{};
};

const std::string kKeyA = "signing.key = \"" + std::string(64, 'a') + "\"\n";
const std::string kKeyB = "signing.key = \"" + std::string(64, 'b') + "\"\n";

}  // namespace

TEST_CASE("a reload takes over the settings that it can; the others are reported to take a restart") {
  for (const Case& row : std::vector<Case>{
           {"", "", {}},
           {"postgres.url = \"postgres://u:one@h/d\"",
            "postgres.url = \"postgres://u:two@h/d\"",
            {"postgres.url (the login) of dispatcher outbox"}},
           {"postgres.url = \"postgres://u:one@h/d\"",
            "postgres.url = \"host=h dbname=d user=v password=two\"",
            {"postgres.url (the login) of dispatcher outbox"}},
           {"postgres.url = \"postgres://u:one@h/d\"",
            "postgres.url = \"postgres://u:one@h2/d\"",
            {},
            {"postgres.url (it leads elsewhere) of dispatcher outbox"}},
           {"postgres.url = \"postgres://u:one@h\"",
            "postgres.url = \"postgres://v:one@h\"",
            {},
            {"postgres.url (it leads elsewhere) of dispatcher outbox"}},
           {"redis.url = \"redis://:one@h:1/0\"",
            "redis.url = \"redis://u:two@h:1/0\"",
            {"the login of Redis of dispatcher outbox"}},
           {"redis.url = \"redis://:one@h:1/0\"",
            "redis.url = \"redis://:two@h:2/0\"",
            {},
            {"the address of Redis of dispatcher outbox"}},
           {kKeyA, kKeyB, {"signing.key"}},
           {"", kKeyA, {"signing.key"}},
           {kKeyA, "", {}, {"signing.key (it is no longer set)"}},
           {kKeyA, kKeyA + "signing.strict = true\n", {"signing.strict"}},
           {"http.bearer = \"a\"", "http.bearer = \"b\"", {"http.bearer"}},
           {"http.bearer = \"a\"", "", {}, {"http.bearer (it is no longer set)"}},
           {"", "topology = \"caracal\"\nstreams.s.maxlen = 5", {"topology", "streams"}},
           {"", "log = {level = \"debug\", format = \"json\"}", {"log.level", "log.format"}},
           {"",
            "dispatcher = {maxlen = 5, trim = \"exact\", stream_maxlen = {a = 1}, stream_trim = {a = \"exact\"}}",
            {"dispatcher.maxlen of dispatcher outbox", "dispatcher.stream_maxlen of dispatcher outbox",
             "dispatcher.trim of dispatcher outbox", "dispatcher.stream_trim of dispatcher outbox"}},
           {"", "dispatcher.batch = 7\nhttp.listen = \"off\"", {}, {"dispatcher.batch", "http.listen"}},
           {"[[dispatcher]]\nname = \"a\"",
            "[[dispatcher]]\nname = \"a\"\nmaxlen = 5\n[[dispatcher]]\nname = \"b\"\ntable = \"t\"",
            {"dispatcher.maxlen of dispatcher a"},
            {"the dispatchers (a, b instead of a)"}},
           {"[[dispatcher]]\nname = \"a\"\n[[dispatcher]]\nname = \"b\"\ntable = \"t\"\npostgres.url = \"host=h "
            "password=x\"",
            "[[dispatcher]]\nname = \"a\"\n[[dispatcher]]\nname = \"b\"\ntable = \"t\"\nbatch = 3\npostgres.url = "
            "\"host=h "
            "password=y\"",
            {"postgres.url (the login) of dispatcher b"},
            {"dispatcher.batch"}},
       }) {
    CAPTURE(row.before);
    CAPTURE(row.now);
    auto running = loaded(row.before);
    const auto other = loaded(row.now);
    const auto changes = take_over(running, other, ReloadScope::all);
    CHECK(changes.taken_over == row.taken_over);
    CHECK(changes.need_restart == row.need_restart);
    // A second reload changes nothing.
    const auto again = take_over(running, other, ReloadScope::all);
    CHECK(again.taken_over.empty());
    CHECK(again.need_restart == row.need_restart);
  }
}

TEST_CASE("after a refused login, only logins are taken over") {
  auto running = loaded("postgres.url = \"postgres://u:one@h/d\"\nredis.url = \"redis://:one@h:1/0\"\n" + kKeyA);
  const auto now = loaded(
      "dispatcher.maxlen = 3\ndispatcher.batch = 3\npostgres.url = \"postgres://u:two@h/d\"\n"
      "redis.url = \"redis://:two@h:1/0\"\n" +
      kKeyB);
  const auto changes = take_over(running, now, ReloadScope::logins);
  CHECK(changes.taken_over ==
        Texts{"postgres.url (the login) of dispatcher outbox", "the login of Redis of dispatcher outbox"});
  CHECK(changes.need_restart.empty());
  CHECK(running.dispatchers[0].postgres.url == "postgres://u:two@h/d");
  CHECK(running.dispatchers[0].redis.endpoint.password == "two");
  CHECK(running.dispatchers[0].signing_key != now.dispatchers[0].signing_key);
  CHECK(running.dispatchers[0].dispatcher.maxlen == 100'000);
}

TEST_CASE("after a refused login, a changed server address is reported to take a restart") {
  auto running = loaded("postgres.url = \"postgres://u:one@h/d\"");
  const auto changes = take_over(running, loaded("postgres.url = \"postgres://u:one@h2/d\""), ReloadScope::logins);
  CHECK(changes.taken_over.empty());
  CHECK(changes.need_restart == Texts{"postgres.url (it leads elsewhere) of dispatcher outbox"});
}

TEST_CASE("another socket is another server") {
  auto running = loaded("redis.url = \"unix:///a.sock\"");
  CHECK(take_over(running, loaded("redis.url = \"unix:///b.sock\""), ReloadScope::all).need_restart ==
        Texts{"the address of Redis of dispatcher outbox"});
}

}  // namespace outboxd::daemon
