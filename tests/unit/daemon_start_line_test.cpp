// SPDX-License-Identifier: Apache-2.0
#include "daemon/start_line.hpp"

#include <doctest/doctest.h>

namespace outboxd::daemon {

TEST_CASE("the first line: version, configuration, signing, and each dispatcher's table, batch, lease and bounds") {
  const config::Sources sources{
      .config_file = std::nullopt,
      .default_file = "",
      .environment = {{"DATABASE_URL", "postgresql://u:hidden@db/app"}, {"OUTBOXD_STREAM_MAXLEN", "a.b=5,c.d=70000"}},
      .flags = {}};
  auto loaded = config::load(sources);
  REQUIRE(loaded.problems.empty());
  CHECK(start_line(loaded) ==
        "outboxd " OUTBOXD_VERSION
        ": configuration without a file; entries are unsigned; dispatcher outbox: table event_outbox, batch 32, "
        "lease 30s, maxlen 100000, a.b 5, c.d 70000");
  loaded.file = "/etc/outboxd/outboxd.toml";
  loaded.settings.signing_key.resize(32);
  CHECK(start_line(loaded).find("configuration file /etc/outboxd/outboxd.toml; entries are signed; ") !=
        std::string::npos);
}

}  // namespace outboxd::daemon
