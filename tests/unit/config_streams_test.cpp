// SPDX-License-Identifier: Apache-2.0
// The topology in the configuration: what is read, every mistake, and what is shown.
#include "config/loader.hpp"
#include "config/render.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "daemon/settings/streams_from_settings.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace config = outboxd::config;
namespace daemons = outboxd::daemon;

using outboxd::test::TempDir;

namespace {

config::Loaded load(const std::string& toml, const config::Environment& environment = {}) {
  const TempDir folder;
  config::Sources sources;
  sources.config_file = folder.write("t.toml", toml).string();
  sources.environment = environment;
  return config::load(sources, {.postgres = false});
}

/// The problems with their lines, without the file's name.
std::string problems_of(const std::string& toml) {
  std::string all;
  for (const auto& problem : load(toml).problems)
    all += std::to_string(problem.where.line) + ": " + problem.text + "\n";
  return all;
}

const std::string kDeclared = R"(
[streams."a.b"]
maxlen = 1000
groups = ["one", {name = "two", start = "0", optional = true}]
[streams.c]
dead_letter = true
)";

}  // namespace

TEST_CASE("streams are declared with bound, groups and start positions; what config show prints reads the same") {
  const auto loaded = load(kDeclared);
  REQUIRE_MESSAGE(loaded.problems.empty(), config::render_problems(loaded.problems));
  const outboxd::topology::Streams expected{
      {"a.b", {.maxlen = 1'000, .groups = {{"one"}, {.name = "two", .start = "0", .optional = true}}}},
      {"c", {.dead_letter = true}}};
  CHECK((loaded.settings.streams == expected));
  const auto shown = config::render_show(loaded);
  CHECK((load(shown).settings.streams == expected));
  CHECK(shown.find("\"a.b\" = {\"maxlen\" = 1000, \"groups\" = [{\"name\" = \"one\", \"start\" = \"$\"") !=
        std::string::npos);
  CHECK(config::render_show_json(loaded).find("\"dead_letter\": true") != std::string::npos);
}

TEST_CASE("every mistake in a topology is reported at once, at its place") {
  CHECK(problems_of(R"(topology = "caracals"
[streams."a.b"]
maxlen = 0
groups = ["g", "g", 5, {nam = "x"}, {name = "y", start = "now"}]
dead_leter = true
[streams.a.b]
[streams.d]
maxlen = "5"
dead_letter = 1
)") ==
        R"(1: topology = "caracals": must be one of caracal, none; did you mean caracal?
3: streams."a.b".maxlen = 0: must be between 1 and 1000000000000
4: streams."a.b".groups: names "g" twice
4: streams."a.b".groups: must be an array such as ["a", {name = "b", start = "0", optional = true}], has an integer in it
4: streams."a.b".groups: the name of a group is empty
4: streams."a.b".groups: unknown key "nam"; did you mean name?
4: streams."a.b".groups: start = "now" must be "$" (only new entries), "0" (all) or an entry's id
5: streams."a.b": unknown key "dead_leter"; did you mean dead_letter?
6: streams."a": has a table in it: a stream name with dots stands in quotes, [streams."a.b"]
8: streams."d".maxlen: must be an integer, is a string
9: streams."d".dead_letter: must be true or false, is an integer
)");
  CHECK(problems_of("streams = [\"a\"]").find("the streams of one dispatcher are dispatcher.streams") !=
        std::string::npos);
}

TEST_CASE("the bound of XADD: dispatcher.stream_maxlen, then the topology, then maxlen") {
  const auto bound = [](const std::string& toml, const std::string& stream) {
    return daemons::publisher_options(load(toml).settings).bounds.of(stream).maxlen;
  };
  const std::string audit = "caracal.audit.events";
  CHECK(bound("", audit) == 100'000);
  CHECK(bound("topology = \"none\"", audit) == 100'000);
  CHECK(bound("topology = \"caracal\"", audit) == 1'000'000);
  CHECK(bound("topology = \"caracal\"\n[dispatcher]\nmaxlen = 7", audit) == 1'000'000);
  CHECK(bound("topology = \"caracal\"\n[dispatcher]\nmaxlen = 7", "caracal.agents.lifecycle") == 7);
  CHECK(bound("topology = \"caracal\"\n[dispatcher.stream_maxlen]\n\"" + audit + "\" = 5", audit) == 5);
  CHECK(bound("topology = \"caracal\"\n[streams.\"" + audit + "\"]\nmaxlen = 9", audit) == 9);
  CHECK(bound(kDeclared, "a.b") == 1'000);
}

TEST_CASE("the built-in topology has the contract's bounds, and groups that start with new entries") {
  const auto& streams = outboxd::topology::caracal();
  CHECK(streams.at("caracal.audit.events").maxlen == 1'000'000);
  CHECK(streams.at("caracal.audit.events.dlq").maxlen == 100'000);
  for (const auto* name : {"caracal.policy.invalidate", "caracal.sessions.revoke", "caracal.keys.invalidate"}) {
    CHECK(streams.at(name).maxlen == 10'000);
  }
  for (const auto* name :
       {"caracal.agents.lifecycle", "caracal.invocations.lifecycle", "caracal.delegations.invalidate"}) {
    CHECK(!streams.at(name).maxlen);
  }
  CHECK(streams.at("caracal.providers.ratelimit").maxlen == 1);
  for (const auto& [name, stream] : streams) {
    CHECK(stream.dead_letter == (name == "caracal.audit.events.dlq"));
    CHECK(stream.groups.empty() == (name == "caracal.providers.ratelimit"));
    for (const auto& group : stream.groups) {
      CHECK(group.start == "$");
      CHECK(group.optional == (group.name == "resource-revocation"));
    }
  }
}

TEST_CASE("commands use the built-in topology by default, and only the declared streams if there are any") {
  const auto target = [](const std::string& toml) { return daemons::streams_target(load(toml).dispatchers); };
  const auto by_default = target("");
  CHECK(by_default.by_default);
  CHECK(by_default.wanted.size() == 9);
  CHECK(by_default.wanted.front().name == "caracal.agents.lifecycle");
  CHECK(!target("topology = \"caracal\"").by_default);
  CHECK(target(kDeclared).wanted.size() == 2);
  CHECK(target("topology = \"caracal\"\n" + kDeclared).wanted.size() == 11);
  CHECK(target("topology = \"none\"").problem.find("no stream is declared") != std::string::npos);
  const auto two =
      target("[[dispatcher]]\n[dispatcher.redis]\nhost = \"a\"\n[[dispatcher]]\n[dispatcher.redis]\nhost = \"b\"\n");
  CHECK(two.problem.find("name those of one server with --dispatcher") != std::string::npos);
}

TEST_CASE("the smallest bound of all dispatchers that may publish to a stream is what cuts it") {
  const auto dispatchers = load(R"(topology = "caracal"
[[dispatcher]]
streams = ["caracal.agents.lifecycle", "mine"]
maxlen = 50
[[dispatcher]]
exclude_streams = ["caracal.agents.lifecycle"]
maxlen = 70
)")
                               .dispatchers;
  auto target = daemons::streams_target(dispatchers);
  CHECK(target.wanted.front().cut_to->maxlen == 50);
  daemons::add_streams_of_dispatchers(dispatchers, target);
  CHECK(target.wanted.size() == 10);
  CHECK(target.wanted.back().name == "mine");
  CHECK(!target.wanted.back().is_declared);
  daemons::keep_only_streams({"other"}, dispatchers, target);
  REQUIRE(target.wanted.size() == 1);
  CHECK(target.wanted.front().cut_to->maxlen == 70);
}

TEST_CASE(
    "the streams in use: declared, named by dispatchers, published to; not those of a topology that is not set") {
  const auto names = [](const std::string& toml) {
    std::string text;
    for (const auto& stream : daemons::streams_in_use(load(toml).dispatchers, {"found", "s", "named"})) {
      text += stream.name + "=" + std::to_string(stream.cut_to ? stream.cut_to->maxlen : 0) + " ";
    }
    return text;
  };
  CHECK(names("") == "found=100000 s=100000 named=100000 ");
  CHECK(names("[streams.s]\nmaxlen = 5\n[streams.t]\n[dispatcher]\nexclude_streams = [\"t\"]\n"
              "stream_maxlen = {named = 7}") == "s=5 t=0 named=7 found=100000 ");
}

TEST_CASE("the wanted bound is the largest of the dispatchers that may publish, in whichever order they are") {
  const std::string large = "[[dispatcher]]\nstreams = [\"s\"]\ntrim = \"exact\"\nstream_maxlen = {s = 90}\n";
  const std::string small = "[[dispatcher]]\nstream_maxlen = {s = 80}\n";
  const std::string other = "[[dispatcher]]\nexclude_streams = [\"s\"]\nstream_maxlen = {s = 99}\n";
  const std::string equal = "[[dispatcher]]\nstream_maxlen = {s = 90}\n";
  const auto wanted = [](const std::string& dispatchers) {
    return daemons::streams_target(load("[streams.s]\nmaxlen = 5\n" + dispatchers).dispatchers).wanted.front();
  };
  for (const auto& toml : {large + small + other, other + small + large}) {
    CHECK(wanted(toml).bound == 90);
    CHECK(wanted(toml).cut_to->maxlen == 80);
    CHECK(!wanted(toml).cut_to->exact);
  }
  CHECK(wanted(large + equal).cut_to->exact);
  CHECK(wanted(equal + large).cut_to->exact);
}
