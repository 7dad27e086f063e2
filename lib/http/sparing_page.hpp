// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/route.hpp"

#include <chrono>
#include <functional>

namespace outboxd::http {

/// A page that is asked for so often that making it would take more than a tenth of the time is answered as it was
/// last made; up to 200 ms of that time are saved up, so that ordinary scrapes always get a new one.
class SparingPage {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  explicit SparingPage(std::function<Page()> make, Clock clock = std::chrono::steady_clock::now);

  /// Throws what `make` throws.
  Page operator()();

 private:
  std::function<Page()> make_;
  Clock clock_;
  Page last_;
  std::chrono::steady_clock::time_point looked_;
  /// Of time to make the page in; below zero where the last one took more.
  std::chrono::steady_clock::duration saved_;
};

}  // namespace outboxd::http
