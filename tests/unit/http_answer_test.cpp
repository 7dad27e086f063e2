// SPDX-License-Identifier: Apache-2.0
#include "http/answer.hpp"
#include "http/listener.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace outboxd::http;
using boost::beast::http::field;
using boost::beast::http::verb;

namespace {

Page broken() {
  throw std::runtime_error("no numbers");
}

const Routes& routes() {
  static const Page metrics{200, "up 1\n", kMetricsText};
  static const Page health{200, "ok\n"};
  static const Routes all{
      {"/metrics", {[] { return metrics; }, true}},
      {"/healthz", {[] { return health; }}},
      {"/broken", {broken}},
  };
  return all;
}

unsigned status_of(const Request& request, std::string_view bearer = "") {
  return answer(request, routes(), bearer).result_int();
}

}  // namespace

TEST_CASE("answer: by path and method") {
  CHECK(status_of({verb::get, "/metrics", "", false}) == 200);
  CHECK(status_of({verb::head, "/metrics", "", false}) == 200);
  CHECK(status_of({verb::get, "/metrics?a=b", "", false}) == 200);
  CHECK(status_of({verb::get, "/", "", false}) == 404);
  CHECK(status_of({verb::get, "/metrics/", "", false}) == 404);
  CHECK(status_of({verb::post, "/nowhere", "", false}) == 404);
  CHECK(status_of({verb::get, "/healthz", "", true}) == 413);
  const auto refused = answer({verb::delete_, "/metrics", "", false}, routes(), "");
  CHECK(refused.result_int() == 405);
  CHECK(std::string(refused[field::allow]) == "GET, HEAD");
}

TEST_CASE("answer: the page with its type and length") {
  const auto page = answer({verb::get, "/metrics", "", false}, routes(), "");
  CHECK(page.body() == "up 1\n");
  CHECK(std::string(page[field::content_type]) == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(std::string(page[field::content_length]) == "5");
}

TEST_CASE("answer: a page that throws becomes a 500 without details") {
  const auto page = answer({verb::get, "/broken", "", false}, routes(), "");
  CHECK(page.result_int() == 500);
  CHECK(page.body().find("no numbers") == std::string::npos);
}

TEST_CASE("answer: the bearer token is required for guarded routes only") {
  const std::string token = "t0ken-of-the-scraper";
  const auto with = [&](std::string_view authorization) {
    return status_of({verb::get, "/metrics", authorization, false}, token);
  };
  CHECK(with("Bearer t0ken-of-the-scraper") == 200);
  CHECK(with("bearer t0ken-of-the-scraper") == 200);
  CHECK(with("Bearer   t0ken-of-the-scraper") == 200);
  CHECK(with("") == 401);
  CHECK(with("Bearer") == 401);
  CHECK(with("Bearer ") == 401);
  CHECK(with("Bearer t0ken-of-the-scrape") == 401);
  CHECK(with("Bearer t0ken-of-the-scraperr") == 401);
  CHECK(with("Basic t0ken-of-the-scraper") == 401);
  CHECK(with("t0ken-of-the-scraper") == 401);
  CHECK(status_of({verb::get, "/healthz", "", false}, token) == 200);
  const auto refused = answer({verb::get, "/metrics", "", false}, routes(), token);
  CHECK(std::string(refused[field::www_authenticate]) == "Bearer");
}

TEST_CASE("listen address: host and port") {
  CHECK(parse_listen_address("127.0.0.1:9464").host == "127.0.0.1");
  CHECK(parse_listen_address("127.0.0.1:9464").port == "9464");
  CHECK(parse_listen_address("[::1]:0").host == "::1");
  CHECK(parse_listen_address("localhost:1").host == "localhost");
  for (const char* bad : {"", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "h:9x", ":9464",
                          "[]:1", "::1:9464"}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH_AS(parse_listen_address(bad), doctest::Contains("--http-listen"), ListenError);
  }
}
