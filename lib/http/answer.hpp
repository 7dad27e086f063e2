// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/route.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>

#include <string>
#include <string_view>

namespace outboxd::http {

using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// The parts of a request that decide its answer.
struct Request {
  boost::beast::http::verb method = boost::beast::http::verb::unknown;
  std::string_view target;
  std::string_view authorization;  ///< The header's value; empty if there is none.
  bool has_body = false;
};

/// Decides the answer to a well-formed request. Never throws: if a page throws, the answer is 500, and the log has a
/// line. With an empty `bearer` guarded routes require no token.
Response answer(const Request& request, const Routes& routes, std::string_view bearer);

/// Whether the request has an Authorization header that answer() will check.
bool shows_token(const Request& request, const Routes& routes, std::string_view bearer);

/// Whether the request is for a page that is a probe.
bool is_probe(const Request& request, const Routes& routes);

/// The answer to a refused request.
Response refusal(boost::beast::http::status code, std::string_view reason);

}  // namespace outboxd::http
