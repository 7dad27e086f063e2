// SPDX-License-Identifier: Apache-2.0
// A reload runs beside the event loop, and its failure doesn't end the loop.
#include "config/render.hpp"
#include "daemon/service/reload.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <vector>

namespace config = outboxd::config;
using outboxd::daemon::Reload;
using outboxd::daemon::ReloadScope;

TEST_CASE("an exception while the configuration is read becomes a problem, and doesn't end the loop") {
  boost::asio::io_context loop{1};
  int reads = 0;
  std::vector<std::string> problems;
  const auto load = [&]() -> config::Loaded {
    ++reads;
    if (reads == 1) throw std::bad_alloc{};
    if (reads == 2) throw std::filesystem::filesystem_error{"stat", "/a", std::make_error_code(std::errc::io_error)};
    return {};
  };
  Reload reload{loop.get_executor(), load, [&](ReloadScope wanted, const config::Loaded& loaded) {
                  CHECK((wanted == ReloadScope::all));
                  problems.push_back(config::render_problems(loaded.problems));
                }};
  for (int i = 0; i < 3; ++i) {
    reload.ask(ReloadScope::all);
    CHECK(reload.reads());
    loop.restart();
    loop.run();
    CHECK_FALSE(reload.reads());
  }
  REQUIRE(problems.size() == 3);
  CHECK(problems[0] == "the configuration could not be read again: std::bad_alloc\n");
  CHECK(problems[1].find("[/a]") != std::string::npos);
  CHECK(problems[2].empty());
}
