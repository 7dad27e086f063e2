// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

namespace outboxd::http {

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";
inline constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

/// The answer of a route.
struct Page {
  unsigned status = 200;
  std::string body;
  std::string content_type = kPlainText;
};

/// One path of the server, for GET and HEAD.
struct Route {
  /// Called on the event loop; must not block. If it throws, the answer is 500.
  std::function<Page()> page;
  /// Requires the bearer token, if one is set.
  bool guarded = false;
  /// A health check: quick to make, small, and answered even while other pages take all other slots.
  bool probe = false;
};

/// Path (beginning with '/') → route.
using Routes = std::map<std::string, Route, std::less<>>;

}  // namespace outboxd::http
