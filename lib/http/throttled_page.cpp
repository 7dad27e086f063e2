// SPDX-License-Identifier: Apache-2.0
#include "http/throttled_page.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::http {
namespace {

constexpr std::chrono::milliseconds kMaxBudget{200};
constexpr int kShare = 10;

}  // namespace

ThrottledPage::ThrottledPage(std::function<Page()> make, Clock clock)
    : make_(std::move(make)), clock_(std::move(clock)), updated_(clock_()), budget_(kMaxBudget) {}

Page ThrottledPage::operator()() {
  const auto now = clock_();
  budget_ = std::min<std::chrono::steady_clock::duration>(budget_ + (now - updated_) / kShare, kMaxBudget);
  updated_ = now;
  if (budget_.count() > 0) {
    last_ = make_();
    budget_ -= clock_() - now;
  }
  return last_;
}

}  // namespace outboxd::http
