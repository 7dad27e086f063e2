// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/http_endpoint.hpp"

#include "http/connection_slots.hpp"
#include "http/throttled_page.hpp"
#include "redis/lookup.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <sys/resource.h>
#include <utility>

namespace outboxd::daemon {

namespace asio = boost::asio;

namespace {

void rethrow(const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
}

constexpr std::size_t kShortBearer = 16;

http::Routes routes_for(telemetry::Metrics& metrics, const telemetry::Readiness& readiness) {
  http::Routes routes;
  routes["/metrics"] = {.page = http::ThrottledPage{[&metrics] {
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

/// The number of descriptors that the process may open.
std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_cur;
}

std::size_t connections_beside(std::size_t dispatchers) {
  const auto limit = descriptor_limit();
  const auto needed = descriptors_needed(dispatchers);
  const auto connections = http::slots_within(limit, needed);
  if (limit < needed + connections) {
    spdlog::warn(
        "the process may open {} descriptors, and {} dispatcher(s) with {} HTTP connections may need {}: raise the "
        "limit "
        "(ulimit -n, LimitNOFILE=)",
        limit, dispatchers, connections, needed + connections);
  }
  return connections;
}

void warn_of_exposure(const std::string& listen, const std::string& bearer, bool is_on_loopback) {
  if (bearer.empty() && !is_on_loopback) {
    spdlog::warn(
        "http.listen = {}: other machines may reach it, and /metrics asks for no bearer token; set one "
        "(METRICS_BEARER, "
        "METRICS_BEARER_FILE), or listen on 127.0.0.1",
        listen);
  }
  if (!bearer.empty() && bearer.size() < kShortBearer) {
    spdlog::warn("http.bearer has {} characters and can be guessed: give it {} at least (openssl rand -hex 32)",
                 bearer.size(), kShortBearer);
  }
}

}  // namespace

// A dispatcher has three sessions with Postgres and a connection to Redis. Twice as many may be open while it
// reconnects; the rest is for look-ups of names and for certificate files. The process has its standard streams, the
// descriptors of the event loop and of signals, the listener, the service manager's socket, and one connection that
// is accepted before another is evicted.
std::size_t descriptors_needed(std::size_t dispatchers) {
  constexpr std::size_t kOfProcess = 16;
  constexpr std::size_t kOfDispatcher = 12;
  return kOfProcess + kOfDispatcher * dispatchers;
}

HttpEndpoint::HttpEndpoint(const boost::asio::any_io_executor& executor, const config::HttpSettings& settings,
                           std::size_t dispatchers, telemetry::Metrics& metrics,
                           const telemetry::Readiness& readiness)
    : executor_{executor},
      address_{settings.listen},
      bearer_{settings.bearer},
      max_connections_{connections_beside(dispatchers)},
      routes_{routes_for(metrics, readiness)},
      retry_timer_{executor},
      wrong_tokens_{
          prometheus::BuildCounter()
              .Name("outboxd_http_wrong_bearer_total")
              .Help("Requests with a wrong bearer token; after a few, the check of tokens from that address "
                    "is delayed.")
              .Register(metrics.registry())
              .Add({})} {}

void HttpEndpoint::listen() {
  if (!try_to_listen()) asio::co_spawn(executor_, try_until_it_listens(), rethrow);
}

bool HttpEndpoint::try_to_listen() {
  try {
    server_.emplace(executor_,
                    http::ServerOptions{.listen = address_,
                                        .bearer = bearer_,
                                        .max_connections = max_connections_,
                                        .wrong_token = [this](const std::string& peer) { token_was_wrong(peer); }},
                    routes_);
  } catch (const http::ListenError& error) {
    if (error.kind() == http::ListenError::Kind::no_address) throw;
    if (lines_of_failures_.admit("")) {
      spdlog::warn("{}. It is tried again each second; rows are dispatched meanwhile, without metrics and health",
                   error.what());
    }
    return false;
  }
  spdlog::info("metrics and health on port {} ({})", server_->port(), address_);
  warn_of_exposure(address_, bearer_, server_->is_on_loopback());
  return true;
}

asio::awaitable<void> HttpEndpoint::try_until_it_listens() {
  constexpr std::chrono::seconds kPause{1};
  constexpr std::chrono::seconds kPatience{30};
  const auto address = http::parse_listen_address(address_);
  for (;;) {
    retry_timer_.expires_after(kPause);
    auto [error] = co_await retry_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error || stopping_) co_return;
    // Opening the listener blocks on the look-up of the host, and dispatching would wait with it. So the host is
    // looked up before, without blocking.
    const auto lookup = redis::Lookup::begin(address.host, 0);
    redis::Lookup::Addresses found;
    const auto unknown = co_await lookup->wait(found, std::chrono::steady_clock::now() + kPatience);
    if (stopping_) co_return;
    if (!unknown && try_to_listen()) co_return;
  }
}

void HttpEndpoint::use_bearer(const std::string& bearer) {
  if (bearer == bearer_) return;
  bearer_ = bearer;
  if (server_) server_->use_bearer(bearer_);
}

void HttpEndpoint::stop() {
  stopping_ = true;
  retry_timer_.cancel();
  if (server_) server_->stop();
}

void HttpEndpoint::token_was_wrong(const std::string& peer) {
  wrong_tokens_.Increment();
  const auto withheld = lines_of_wrong_tokens_.admit(peer);
  if (!withheld) return;
  spdlog::warn("http: {} sent a wrong bearer token for /metrics{}", peer,
               *withheld > 0 ? fmt::format(", and {} more were wrong since the last such line", *withheld) : "");
}

}  // namespace outboxd::daemon
