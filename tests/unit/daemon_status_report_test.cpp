// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_report.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace outboxd::daemon {
namespace {

DispatcherStatus busy() {
  DispatcherStatus status{.dispatcher = "api", .table = "event_outbox"};
  status.overview = postgres::Overview{};
  auto& [backlog, leased, in_retry] = *status.overview;
  backlog.pending = 1'200;
  backlog.dead = 1;
  backlog.cap = 100'000;
  backlog.oldest_pending = std::chrono::milliseconds{2'340};
  leased = 64;
  in_retry = 3;
  status.published_last_minute = 77;
  return status;
}

DispatcherStatus unknown() {
  return {.dispatcher = "coordinator", .table = "caracal_outbox", .problem = "no such \"table\""};
}

}  // namespace

TEST_CASE("status for people: a line each, problems below") {
  CHECK(text_of(std::vector{busy(), unknown()}) ==
        "DISPATCHER   TABLE           PENDING  OLDEST  LEASED  IN RETRY  DEAD  LAST MINUTE\n"
        "api          event_outbox       1200    2.3s      64         3     1           77\n"
        "coordinator  caracal_outbox        ?       ?       ?         ?     ?            -\n"
        "coordinator: no such \"table\"\n");
}

TEST_CASE("status: a count that stopped says so, and nothing pending has no age") {
  auto many = busy();
  many.overview->backlog.pending = 100'000;
  many.overview->backlog.oldest_pending.reset();
  const auto text = text_of(std::vector{many});
  CHECK(text.find(" 100000+       -  ") != std::string::npos);
}

TEST_CASE("status as JSON: weeks are told to the millisecond, too") {
  auto old = busy();
  old.overview->backlog.oldest_pending = std::chrono::milliseconds{2'345'678'901};
  CHECK(json_line_of(old).find(R"("oldest_pending_seconds":2345678.901,)") != std::string::npos);
}

TEST_CASE("status as JSON: what is not known is null") {
  CHECK(json_line_of(busy()) ==
        R"({"dispatcher":"api","table":"event_outbox","pending":1200,"oldest_pending_seconds":2.340,"leased":64,)"
        R"("in_retry":3,"dead":1,"counts_stop_at":100000,"published_last_minute":77})"
        "\n");
  CHECK(json_line_of(unknown()) ==
        R"({"dispatcher":"coordinator","table":"caracal_outbox","problem":"no such \"table\"",)"
        R"("published_last_minute":null})"
        "\n");
}

TEST_CASE("the exit status says how many tables could be looked at") {
  CHECK(exit_status_of(std::vector{busy(), busy()}) == kDone);
  CHECK(exit_status_of(std::vector{busy(), unknown()}) == kIncomplete);
  CHECK(exit_status_of(std::vector{unknown()}) == kCouldNotWork);
}

TEST_CASE("a dispatcher's series is found by its name alone") {
  const std::string metrics =
      "# TYPE x gauge\nx{dispatcher=\"ab\"} 5\nx{dispatcher=\"a\"} 7\ny{dispatcher=\"a\"} 9\nz{dispatcher=\"a\"} "
      "nan\n";
  CHECK(series_value(metrics, "x", "a") == 7);
  CHECK(series_value(metrics, "x", "b") == std::nullopt);
  CHECK(series_value(metrics, "z", "a") == std::nullopt);
}

}  // namespace outboxd::daemon
