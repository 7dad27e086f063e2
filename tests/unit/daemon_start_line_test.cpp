// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/start_line.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace outboxd::daemon {

TEST_CASE("the first line: version, configuration, signing, and each dispatcher's table, batch, lease and bounds") {
  const config::Sources sources{.config_file = std::nullopt,
                                .default_file = "",
                                .environment = {{"DATABASE_URL", "postgresql://u:hidden@db/app"},
                                                {"OUTBOXD_STREAM_MAXLEN", "a.b=5,c.d=70000"},
                                                {"OUTBOXD_STREAM_TRIM", "a.b=exact,e.f=exact"}},
                                .flags = {}};
  auto loaded = config::load(sources);
  REQUIRE(loaded.problems.empty());
  CHECK(start_line(loaded) ==
        "outboxd " OUTBOXD_VERSION
        ": configuration without a file; entries are unsigned; dispatcher outbox: table event_outbox, batch 32, "
        "lease 30s, maxlen 100000, a.b 5 exact, c.d 70000, e.f 100000 exact");
  loaded.file = "/etc/outboxd/outboxd.toml";
  loaded.settings.signing_key.resize(32);
  CHECK(start_line(loaded).find("configuration file /etc/outboxd/outboxd.toml; entries are signed with key ") !=
        std::string::npos);
  loaded.settings.strict_signatures = true;
  CHECK(start_line(loaded).find(", and have _sig2; ") != std::string::npos);
}

TEST_CASE("the first line names both tables while none is chosen") {
  const auto line = [](const std::string& url, std::map<std::string, std::string> flags) {
    const config::Sources sources{
        .config_file = std::nullopt, .default_file = "", .environment = {{"DATABASE_URL", url}}, .flags = flags};
    return start_line(config::load(sources));
  };
  const std::string url = "postgresql://u@db/app";
  CHECK(line(url, {{"--profile", "coordinator"}, {"--trim", "exact"}})
            .find("table event_outbox or caracal_outbox (by the role's rights), batch 50, lease 30s, maxlen 100000 "
                  "exact") != std::string::npos);
  CHECK(line(url + "?schema=app", {{"--profile", "coordinator"}})
            .find(R"(table "app".event_outbox or "app".caracal_outbox)") != std::string::npos);
  CHECK(line(url, {{"--profile", "coordinator"}, {"--layout", "caracal_outbox"}}).find("table caracal_outbox,") !=
        std::string::npos);
}

}  // namespace outboxd::daemon
