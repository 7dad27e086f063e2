// SPDX-License-Identifier: Apache-2.0
// Which of the configured dispatchers run, and their worker ids.
#include "daemon/settings/load_settings.hpp"
#include "daemon/settings/options_from_settings.hpp"
#include "system/identity.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

using Names = std::vector<std::string>;

std::vector<config::Settings> named(const Names& names) {
  std::vector<config::Settings> dispatchers(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) dispatchers[i].dispatcher.name = names[i];
  return dispatchers;
}

/// The dispatchers of a, b and c that are kept.
Names left_of_three(const Names& wanted) {
  auto dispatchers = named({"a", "b", "c"});
  CHECK(keep_only(wanted, dispatchers).empty());
  Names left;
  for (const auto& settings : dispatchers) left.push_back(settings.dispatcher.name);
  return left;
}

}  // namespace

TEST_CASE("without names all dispatchers are kept; otherwise the named ones, in the file's order") {
  CHECK(left_of_three({}) == Names{"a", "b", "c"});
  CHECK(left_of_three({"b"}) == Names{"b"});
  CHECK(left_of_three({"c", "a"}) == Names{"a", "c"});
  CHECK(left_of_three({"a", "a"}) == Names{"a"});
}

TEST_CASE("an unknown name is refused; the error lists the known ones") {
  auto dispatchers = named({"api", "sessions"});
  CHECK(keep_only({"api", "sesions"}, dispatchers) ==
        "--dispatcher \"sesions\": no dispatcher has that name; there is api, sessions; did you mean sessions?");
  CHECK(dispatchers.size() == 2);
}

TEST_CASE("each dispatcher of a process has a worker id of its own, which begins with the process's") {
  const auto dispatchers = named({"a", "b"});
  CHECK(worker_of(dispatchers[0], 1) == system::worker_id());
  CHECK(worker_of(dispatchers[0], 2) == system::worker_id() + ":a");
  CHECK(worker_of(dispatchers[1], 2) == system::worker_id() + ":b");
  CHECK(worker_of(dispatchers[1], 2).starts_with("outboxd:"));
}

}  // namespace outboxd::daemon
