// SPDX-License-Identifier: Apache-2.0
#include "faults/readiness.hpp"

#include "support/http.hpp"
#include "support/outbox_table.hpp"
#include "support/wait.hpp"

#include <stdexcept>

namespace outboxd::faults {
namespace {

/// The readiness that one daemon reports.
struct Said {
  int status = 0;
  std::string body;
  bool metric = false;
};

Said asked(const test::Child& daemon) {
  const auto port = test::http_port(daemon);
  const auto readyz = test::http_get(port, "/readyz");
  const auto metrics = test::http_get(port, "/metrics").body;
  return {readyz.status, readyz.body, test::contains(metrics, "\noutboxd_ready{dispatcher=\"outbox\"} 1\n")};
}

void expect(World& world, bool ready, const std::string& reason, milliseconds time) {
  for (std::size_t i = 0; i < world.daemons(); ++i) {
    Said said;
    try {
      test::wait_until(
          [&] {
            said = asked(world.daemon(i));
            return said.status == (ready ? 200 : 503) && said.metric == ready && test::contains(said.body, reason);
          },
          time);
    } catch (const std::exception& error) {
      throw std::runtime_error("outboxd should be " + std::string(ready ? "ready" : "not ready for " + reason) +
                               ", and says " + std::to_string(said.status) + " " + said.body + " (" + error.what() +
                               ")");
    }
  }
}

}  // namespace

void expect_not_ready(World& world, const std::string& reason, milliseconds time) {
  expect(world, false, reason, time);
}

void expect_ready(World& world, milliseconds time) {
  expect(world, true, "ready", time);
}

}  // namespace outboxd::faults
