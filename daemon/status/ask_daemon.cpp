// SPDX-License-Identifier: Apache-2.0
#include "daemon/status/ask_daemon.hpp"

#include "http/get.hpp"

#include <utility>

namespace outboxd::daemon {
namespace {

constexpr unsigned kOk = 200;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kUnavailable = 503;

void ask_for_state(DaemonAnswer& answer) {
  const auto got = http::get({.listen = answer.address, .path = "/readyz"});
  if (got.status == 0) {
    answer.why_none = got.problem;
    return;
  }
  if (got.status == kOk || got.status == kUnavailable) answer.state = parse_readyz(got.body);
  if (answer.state.dispatchers.empty()) answer.why_none = "another program answers there, or an older outboxd";
}

void ask_for_metrics(DaemonAnswer& answer, const std::string& bearer) {
  auto got = http::get({.listen = answer.address, .path = "/metrics", .bearer = bearer});
  if (got.status == kOk) {
    answer.metrics = std::move(got.body);
  } else if (got.status == kUnauthorized) {
    answer.why_no_metrics = bearer.empty() ? "it asks for a bearer token: set METRICS_BEARER or METRICS_BEARER_FILE"
                                           : "it refuses the bearer token: set the daemon's (METRICS_BEARER)";
  } else {
    answer.why_no_metrics = got.status == 0 ? got.problem : "it answers with status " + std::to_string(got.status);
  }
}

}  // namespace

DaemonAnswer ask_daemon(const config::HttpSettings& http) {
  DaemonAnswer answer{.address = http.listen};
  answer.asked = http.listen != "off" && !http.listen.ends_with(":0");
  if (!answer.asked) return answer;
  ask_for_state(answer);
  if (answer.answers()) ask_for_metrics(answer, http.bearer);
  return answer;
}

}  // namespace outboxd::daemon
