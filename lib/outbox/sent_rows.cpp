// SPDX-License-Identifier: Apache-2.0
#include "outbox/sent_rows.hpp"

#include <algorithm>
#include <utility>

namespace outboxd {

void SentRows::settled(const std::string& id, std::uint32_t attempt, TimePoint now) {
  if (!unsettled_.empty()) unsettled_.erase(id);
  if (!stubborn_.empty()) stubborn_.erase(id);
  auto row = settled_.find(id);
  if (!undone_.empty()) marked_again(id, row != settled_.end() && row->second.hold.count() > 0, now);
  // Once it is up to date: its hold counts when it is undone again.
  if (row != settled_.end()) row->second.at = now;
  forget_old(now);
  if (row == settled_.end()) {
    if (settled_.size() >= kMostSettled) return;
    row = settled_.try_emplace(id).first;
    row->second.at = now;
    order_.push_back(id);
  }
  row->second.attempt = attempt;
  row->second.comes_all_the_same = false;
}

void SentRows::forget_old(TimePoint now) {
  // Two for each new row, so that there is room again in time.
  for (int i = 0; i < 2 && !order_.empty(); ++i) {
    const auto row = settled_.find(order_.front());
    if (now - row->second.at < soon_) return;
    if (now < row->second.held_until + soon_) {
      order_.push_back(std::move(order_.front()));
    } else {
      stubborn_.erase(row->first);
      settled_.erase(row);
    }
    order_.pop_front();
  }
}

void SentRows::unsettled(const std::string& id, std::uint32_t attempt, TimePoint now) {
  const auto [row, is_new] = unsettled_.try_emplace(id);
  auto& unsettled = row->second;
  if (is_new) unsettled.attempt = attempt;
  // One claim may fail to mark it several times, until its lease ends.
  if (is_new) unsettled.pause = kFirstPause;
  if (std::exchange(unsettled.was_claimed, false)) unsettled.pause = std::min(2 * unsettled.pause, kLongestPause);
  unsettled.left_out_until = now + unsettled.pause;
  if (unsettled_.size() > kMostUnsettled) unsettled_.erase(unsettled_.begin());
}

void SentRows::undone(const std::string& id, std::uint32_t attempt, TimePoint now) {
  unsettled(id, attempt, now);
  comes_back(id, now + kLongestPause);
}

void SentRows::comes_back(const std::string& id, TimePoint when) {
  if (undone_.size() < kMostUnsettled || undone_.contains(id)) undone_.insert_or_assign(id, when + kComesBack);
}

void SentRows::marked_again(const std::string& id, bool was_undone_later, TimePoint now) {
  const auto row = undone_.find(id);
  if (row == undone_.end()) return;
  if (was_undone_later) {
    // This mark may be undone later as well: it is too early to report that all is well.
    row->second = now + soon_;
  } else {
    undone_.erase(row);
  }
}

std::size_t SentRows::undone_rows(TimePoint now) {
  if (now >= forget_undone_at_) {
    std::erase_if(undone_, [&](const auto& row) { return row.second < now; });
    forget_undone_at_ = now + kFirstPause;
  }
  return undone_.size();
}

SentRows::Advised SentRows::advise(const std::string& id, std::uint32_t attempt, bool claims_count, TimePoint now) {
  if (const auto row = unsettled_.find(id); row != unsettled_.end()) {
    auto& unsettled = row->second;
    const bool goes_on = claims_count ? attempt > unsettled.attempt : attempt >= unsettled.attempt;
    if (goes_on && now < unsettled.left_out_until + kRemembered) {
      unsettled.was_claimed = true;
      return {Advice::only_mark};
    }
    unsettled_.erase(row);
    undone_.erase(id);
    return {};
  }
  const auto row = settled_.find(id);
  if (row == settled_.end()) return {};
  const auto advised = advise_settled(row->second, attempt, now);
  if (row->second.comes_all_the_same) stubborn_[id] = row->second.held_until;
  if (advised.advice == Advice::hold) comes_back(id, row->second.held_until);
  return advised;
}

SentRows::Advised SentRows::advise_settled(Settled& row, std::uint32_t attempt, TimePoint now) const {
  const bool counted_anew = attempt <= row.attempt;
  if (counted_anew && (!row.requeued || now - row.at >= soon_)) {
    row.requeued = true;
    row.held_until = {};
    return {};
  }
  if (now < row.held_until) {
    row.comes_all_the_same = true;
    return {Advice::hold, row.held_until - now, false};
  }
  // Its time is over, or it was marked long ago.
  const bool was_held = row.held_until != TimePoint{};
  row.held_until = {};
  row.comes_all_the_same = false;
  if (was_held || now - row.at >= soon_) return {};
  // A connection that is lost each time must not cause the row to be sent each time.
  if (away_at_ && row.at <= *away_at_ && !std::exchange(row.mark_lost, true)) return {};
  row.hold = row.hold.count() == 0 ? kFirstHold : std::min(2 * row.hold, kLongestHold);
  row.held_until = now + row.hold;
  return {Advice::hold, row.hold, true};
}

std::vector<std::string> SentRows::left_out(TimePoint now) const {
  std::vector<std::string> ids;
  for (const auto& [id, row] : unsettled_) {
    if (ids.size() >= kMostLeftOut) break;
    if (now < row.left_out_until) ids.push_back(id);
  }
  for (const auto& [id, until] : stubborn_) {
    if (ids.size() >= kMostLeftOut) break;
    if (now < until) ids.push_back(id);
  }
  return ids;
}

bool SentRows::is_left_out(const std::string& id, TimePoint now) const {
  const auto sent = unsettled_.find(id);
  if (sent != unsettled_.end()) return now < sent->second.left_out_until;
  const auto marked = stubborn_.find(id);
  return marked != stubborn_.end() && now < marked->second;
}

}  // namespace outboxd
