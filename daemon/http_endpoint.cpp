// SPDX-License-Identifier: Apache-2.0
#include "daemon/http_endpoint.hpp"

#include "http/places.hpp"
#include "http/sparing_page.hpp"

#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>
#include <utility>

namespace outboxd::daemon {
namespace {

constexpr std::size_t kShortBearer = 16;

http::Routes routes_for(telemetry::Metrics& metrics, const telemetry::Readiness& readiness) {
  http::Routes routes;
  routes["/metrics"] = {.page = http::SparingPage{[&metrics] {
                          return http::Page{200, metrics.render(), http::kMetricsText};
                        }},
                        .guarded = true};
  routes["/healthz"] = {.page = [] { return http::Page{200, "ok\n"}; }, .probe = true};
  routes["/readyz"] = {.page =
                           [&readiness] {
                             return http::Page{readiness.all_ready() ? 200U : 503U, readiness.dated_report()};
                           },
                       .probe = true};
  return routes;
}

/// How many descriptors the process may have.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_cur;
}

std::size_t places_beside(std::size_t dispatchers) {
  const auto limit = descriptor_limit();
  const auto needed = descriptors_needed(dispatchers);
  const auto places = http::places_within(limit, needed);
  if (limit < needed + places) {
    spdlog::warn(
        "the process may open {} descriptors, and {} dispatcher(s) with {} HTTP connections may need {}: raise the "
        "limit "
        "(ulimit -n, LimitNOFILE=)",
        limit, dispatchers, places, needed + places);
  }
  return places;
}

void warn_of_exposure(const config::HttpSettings& settings, bool is_on_loopback) {
  if (settings.bearer.empty() && !is_on_loopback) {
    spdlog::warn(
        "http.listen = {}: other machines may reach it, and /metrics asks for no bearer token; set one "
        "(METRICS_BEARER, "
        "METRICS_BEARER_FILE), or listen on 127.0.0.1",
        settings.listen);
  }
  if (!settings.bearer.empty() && settings.bearer.size() < kShortBearer) {
    spdlog::warn("http.bearer has {} characters and can be guessed: give it {} at least (openssl rand -hex 32)",
                 settings.bearer.size(), kShortBearer);
  }
}

}  // namespace

// Three sessions with Postgres and a connection to Redis, and as many that are opened while the last ones are closed;
// names are looked up, and certificates read, meanwhile. For the process: standard streams, the loop's and the
// signals' descriptors, the listener, the service manager's socket, and one that is accepted before another gives
// way.
std::size_t descriptors_needed(std::size_t dispatchers) {
  constexpr std::size_t kOfProcess = 16;
  constexpr std::size_t kOfDispatcher = 12;
  return kOfProcess + kOfDispatcher * dispatchers;
}

HttpEndpoint::HttpEndpoint(const boost::asio::any_io_executor& executor, const config::HttpSettings& settings,
                           std::size_t dispatchers, telemetry::Metrics& metrics,
                           const telemetry::Readiness& readiness)
    : wrong_tokens_{prometheus::BuildCounter()
                        .Name("outboxd_http_wrong_bearer_total")
                        .Help("Requests with a wrong bearer token; after a few, tokens of that address are looked at "
                              "late.")
                        .Register(metrics.registry())
                        .Add({})},
      server_{executor,
              {.listen = settings.listen,
               .bearer = settings.bearer,
               .max_connections = places_beside(dispatchers),
               .wrong_token = [this](const std::string& peer) { token_was_wrong(peer); }},
              routes_for(metrics, readiness)} {
  spdlog::info("metrics and health on port {} ({})", server_.port(), settings.listen);
  warn_of_exposure(settings, server_.is_on_loopback());
}

void HttpEndpoint::token_was_wrong(const std::string& peer) {
  wrong_tokens_.Increment();
  const auto kept_back = lines_of_wrong_tokens_.admit(peer);
  if (!kept_back) return;
  spdlog::warn("http: {} sent a wrong bearer token for /metrics{}", peer,
               *kept_back > 0 ? fmt::format(", and {} more were wrong since the last such line", *kept_back) : "");
}

}  // namespace outboxd::daemon
