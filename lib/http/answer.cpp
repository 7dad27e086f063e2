// SPDX-License-Identifier: Apache-2.0
#include "http/answer.hpp"

#include <boost/beast/core/string.hpp>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <spdlog/spdlog.h>

#include <array>
#include <exception>
#include <utility>

namespace outboxd::http {

namespace beast_http = boost::beast::http;
using beast_http::field;
using beast_http::status;
using beast_http::verb;

namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest_of(std::string_view text) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

/// Compares in constant time. Digests are compared, so that the time doesn't depend on the length either.
bool same_secret(std::string_view a, std::string_view b) {
  const Digest left = digest_of(a);
  const Digest right = digest_of(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

/// The token of `Bearer <token>`, or empty for anything else. The scheme's name takes any case (RFC 9110).
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!boost::beast::iequals(authorization.substr(0, kScheme.size()), kScheme)) return {};
  const auto begin = authorization.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

Routes::const_iterator route_of(const Request& request, const Routes& routes) {
  return routes.find(request.target.substr(0, request.target.find('?')));
}

bool is_guarded(const Route& route, std::string_view bearer) {
  return route.guarded && !bearer.empty();
}

Response make_response(unsigned code, std::string body, const std::string& content_type) {
  Response response;
  response.result(code);
  response.set(field::content_type, content_type);
  response.set(field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

Response page_of(const Route& route) {
  try {
    Page page = route.page();
    return make_response(page.status, std::move(page.body), page.content_type);
  } catch (const std::exception& error) {
    spdlog::error("http: a page could not be made ({}); it was answered with 500", error.what());
  } catch (...) {
    spdlog::error("http: a page could not be made; it was answered with 500");
  }
  return refusal(status::internal_server_error, "internal error, see the log");
}

}  // namespace

Response refusal(status code, std::string_view reason) {
  return make_response(static_cast<unsigned>(code), std::string(reason) + "\n", kPlainText);
}

bool shows_token(const Request& request, const Routes& routes, std::string_view bearer) {
  const auto route = route_of(request, routes);
  return route != routes.end() && is_guarded(route->second, bearer) && !request.authorization.empty();
}

bool is_probe(const Request& request, const Routes& routes) {
  const auto route = route_of(request, routes);
  return route != routes.end() && route->second.probe;
}

Response answer(const Request& request, const Routes& routes, std::string_view bearer) {
  const auto route = route_of(request, routes);
  if (route == routes.end()) return refusal(status::not_found, "not found");
  if (is_guarded(route->second, bearer) && !same_secret(bearer_token(request.authorization), bearer)) {
    auto response = refusal(status::unauthorized, "a bearer token is needed");
    response.set(field::www_authenticate, "Bearer");
    return response;
  }
  if (request.method != verb::get && request.method != verb::head) {
    auto response = refusal(status::method_not_allowed, "only GET and HEAD");
    response.set(field::allow, "GET, HEAD");
    return response;
  }
  if (request.has_body) return refusal(status::payload_too_large, "no request body is taken");
  return page_of(route->second);
}

}  // namespace outboxd::http
