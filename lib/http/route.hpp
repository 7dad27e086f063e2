// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

namespace outboxd::http {

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";
inline constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

/// What a route answers.
struct Page {
  unsigned status = 200;
  std::string body;
  std::string content_type = kPlainText;
};

/// One path of the server, for GET and HEAD.
struct Route {
  /// Called on the event loop; must not block. Whatever it throws becomes a 500.
  std::function<Page()> page;
  /// Only for those who present the bearer token, where one is set.
  bool guarded = false;
  /// For watchers of the process: quick to make, small, and answered while all other pages are busy.
  bool probe = false;
};

/// Path (beginning with '/') → route.
using Routes = std::map<std::string, Route, std::less<>>;

}  // namespace outboxd::http
