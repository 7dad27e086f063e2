// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/route.hpp"

#include <chrono>
#include <functional>

namespace outboxd::http {

/// Bounds the time that rendering a page takes to a tenth of all time: beyond that, requests get the last rendered
/// page again. Up to 200 ms of unused time accumulate, so that ordinary scrapes always get a new page.
class ThrottledPage {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit ThrottledPage(std::function<Page()> make, Clock clock = std::chrono::steady_clock::now);

  /// Throws what `make` throws.
  Page operator()();

 private:
  std::function<Page()> make_;
  Clock clock_;
  Page last_;
  std::chrono::steady_clock::time_point updated_;
  /// The time left for rendering; negative after a page that took longer.
  std::chrono::steady_clock::duration budget_;
};

}  // namespace outboxd::http
