// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dead/wait_notice.hpp"

#include <doctest/doctest.h>

#include <string>

namespace outboxd::daemon {

TEST_CASE("what requeued rows wait for: no daemon, one that isn't ready, or a blocked stream") {
  DaemonAnswer daemon{.address = "127.0.0.1:9464", .asked = false};
  daemon.address = "off";
  CHECK(why_waiting(daemon, "api") == "no daemon is asked, as http.listen is off: is one running?");
  daemon = {.address = "127.0.0.1:9464", .why_none = "Connection refused"};
  CHECK(
      why_waiting(daemon, "api") ==
      "no daemon answers at 127.0.0.1:9464 (Connection refused): start it (systemctl start outboxd), or publish what "
      "is due with outboxd --once");
  daemon.why_none.clear();
  daemon.state.dispatchers["other"] = {.ready = true};
  CHECK(why_waiting(daemon, "api") ==
        "the daemon at 127.0.0.1:9464 has no dispatcher of this name: is another one running?");
  daemon.state.dispatchers["api"] = {.reason = "Redis is unavailable (refused)"};
  CHECK(why_waiting(daemon, "api") == "the dispatcher is not ready: Redis is unavailable (refused)");
  daemon.state.dispatchers["api"] = {.ready = true, .notes = {"stream s is blocked (WRONGTYPE)", "more"}};
  CHECK(why_waiting(daemon, "api") == "the daemon reports: stream s is blocked (WRONGTYPE); more");
  daemon.state.dispatchers["api"].notes.clear();
  CHECK(why_waiting(daemon, "api") == "the dispatcher is ready, and has not come to them yet");
}

}  // namespace outboxd::daemon
