// SPDX-License-Identifier: Apache-2.0
#include "http/sparing_page.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::http {
namespace {

constexpr std::chrono::milliseconds kMostSaved{200};
constexpr int kShare = 10;

}  // namespace

SparingPage::SparingPage(std::function<Page()> make, Clock clock)
    : make_(std::move(make)), clock_(std::move(clock)), looked_(clock_()), saved_(kMostSaved) {}

Page SparingPage::operator()() {
  const auto now = clock_();
  saved_ = std::min<std::chrono::steady_clock::duration>(saved_ + (now - looked_) / kShare, kMostSaved);
  looked_ = now;
  if (saved_.count() > 0) {
    last_ = make_();
    saved_ -= clock_() - now;
  }
  return last_;
}

}  // namespace outboxd::http
