// SPDX-License-Identifier: Apache-2.0
#include "simulation/ledger.hpp"

#include <algorithm>
#include <utility>

namespace outboxd::simulation {
namespace {

constexpr const char* kLeaseField = "lease";
// How long a row of an unanswered write goes alone.
constexpr auto kSuspicion = 2min;

}  // namespace

std::string payload_of_lease(const std::string& lease, std::size_t bytes) {
  auto payload = std::string{"{\""} + kLeaseField + "\": \"" + lease + "\"";
  if (bytes > payload.size()) payload += ", \"text\": \"" + std::string(bytes - payload.size(), 'x') + "\"";
  return payload + "}";
}

std::string lease_of(const entry::Entry& entry) {
  const auto field = std::ranges::find(entry.fields, std::string{kLeaseField}, &entry::Field::name);
  return field == entry.fields.end() ? std::string{} : field->value;
}

ClaimedRow* Ledger::find_sent(Lease& lease, const std::string& id) {
  const auto begin = lease.rows.begin() + static_cast<std::ptrdiff_t>(lease.next);
  const auto found = std::find_if(begin, lease.rows.end(), [&](const ClaimedRow& row) { return row.row.id == id; });
  if (found == lease.rows.end()) return nullptr;
  lease.next = static_cast<std::size_t>(found - lease.rows.begin()) + 1;
  return &*found;
}

void Ledger::sends(std::span<dispatch::Delivery* const> rows, TimePoint not_after) {
  judges_refusals_ = false;
  expect(!rows.empty(), "no empty writes");
  expect(!redis_in_doubt_, "nothing is sent while Redis is in doubt");
  expect(!life_.past_deadline(), "nothing is sent after the deadline");
  for (const auto* sent : rows) {
    const auto& id = sent->row.id;
    const auto found = leases_.find(lease_of(sent->entry));
    if (found == leases_.end()) return fault("row " + id + ": only rows in flight are sent");
    auto& lease = found->second;
    auto* row = find_sent(lease, id);
    if (row == nullptr) return fault("row " + id + ": a claim's rows are sent in order, and once");
    // A slow claim has used up its lease: then half of the rest is time enough, and all of it for a row alone.
    const auto half = std::max<TimePoint::duration>((lease.ends - lease.arrived) / 2, {});
    const auto reserve =
        lease.rows.size() == 1 ? TimePoint::duration{} : std::min<TimePoint::duration>(options_.lease_reserve, half);
    expect(world_.now() + reserve < lease.ends && not_after + reserve <= lease.ends,
           "row " + id + ": no row is sent with too little left of its lease");
    expect(row->row.attempt <= options_.retry.max_attempts, "row " + id + ": no row is sent beyond its last attempt");
    expect(!unmarked_.contains(id), "row " + id + ": a row that could not be marked is not sent again");
    const auto suspect = unanswered_.find(id);
    const bool suspected =
        suspect != unanswered_.end() && !suspect->second.refused && world_.now() < suspect->second.at + kSuspicion;
    expect(!suspected || rows.size() == 1, "row " + id + ": a row of an unanswered write goes alone from then on");
  }
}

bool Ledger::others_went_through(std::span<const Answered> write, const Answered& answered) const {
  const auto& row = answered.row->row;
  const auto after = write.subspan(static_cast<std::size_t>(&answered - write.data()) + 1);
  const auto is_taken = [&](const Answered& other) {
    return other.row->row.stream == row.stream && other.meant == Fault::none;
  };
  if (std::ranges::any_of(after, is_taken)) return true;
  const auto before = refused_.find(row.id);
  const auto taken = taken_.find(row.stream);
  return before != refused_.end() && taken != taken_.end() && taken->second > before->second;
}

void Ledger::remember_taken(std::span<const Answered> write) {
  const bool any_taken = std::ranges::find(write, Fault::none, &Answered::meant) != write.end();
  if (any_taken && rows_after_doubt_) *rows_after_doubt_ *= 2;
}

void Ledger::remember_refused(std::span<const Answered> write) {
  for (const auto& [sent, meant] : write) {
    const auto& stream = sent->row.stream;
    if (meant == Fault::none) {
      ++taken_[stream];
      const auto refused = taken_again_.find(stream);
      if (refused != taken_again_.end()) refused->second = std::min(refused->second, world_.now());
    }
  }
  for (const auto& [sent, meant] : write) {
    if (meant != Fault::refused) continue;
    refused_[sent->row.id] = taken_[sent->row.stream];
    taken_again_[sent->row.stream] = TimePoint::max();
  }
}

void Ledger::gets_replies(std::span<const Answered> write) {
  bool outage = false;
  for (const auto& answered : write) {
    const auto& [sent, meant] = answered;
    const auto& id = sent->row.id;
    const auto lease = lease_of(sent->entry);
    const auto found = leases_.find(lease);
    if (found == leases_.end()) continue;
    auto& rows = found->second.rows;
    auto& row = *std::ranges::find(rows, id, [](const ClaimedRow& claimed) { return claimed.row.id; });
    row.sent = true;
    world_.trace(life_.worker(), "of " + id + " in lease " + lease + ": " + to_string(meant));
    row.meant = meant;
    row.text = sent->reply->text;
    outage = outage || row.meant == Fault::redis_unreachable;
    if (row.meant == Fault::refused) {
      row.others_went_through = others_went_through(write, answered);
      if (const auto before = unanswered_.find(id); before != unanswered_.end()) before->second.refused = true;
      doubted_at_ = world_.now();
      judges_refusals_ = true;
      continue;
    }
    if (row.meant == Fault::redis_unreachable) continue;
    if (row.meant == Fault::none) {
      ++answered_;
      unanswered_.erase(id);
      continue;
    }
    outage = true;
    ++world_.facts.at(id).unanswered;
    world_.count(Event::unanswered);
    const auto before = unanswered_.find(id);
    row.singled_out = write.size() == 1 && before != unanswered_.end() && answered_ > before->second.answered;
    unanswered_[id] = {world_.now(), answered_, false};
  }
  remember_refused(write);
  remember_taken(write);
  if (!outage) return;
  redis_in_doubt_ = true;
  doubted_at_ = world_.now();
}

void Ledger::probes() {
  expect(!life_.stopped_at() || leases_in_hand() > 0, "no probe after a stop");
  // If it answered with an error, another stream may be probed at once.
  if (!probe_failed_at_) return;
  expect(world_.now() - *probe_failed_at_ >= options_.backoff_min / 2, "probes leave Redis its time");
}

void Ledger::probe_ends(const std::string& stream, const Reply& reply) {
  // Until it is answered, rows may be claimed that its result then keeps from being sent.
  if (judges_refusals_) doubted_at_ = world_.now();
  if (reply.fault == Fault::redis_unreachable || reply.fault == Fault::unanswered) {
    redis_in_doubt_ = true;
    probe_failed_at_ = world_.now();
    doubted_at_ = world_.now();
    return;
  }
  // If it answers with an error, streams that were not refused yet may be tried.
  if (reply.fault != Fault::none) {
    doubted_at_ = world_.now();
    taken_again_[stream] = TimePoint::max();
    if (stream.empty()) return;
  }
  probe_failed_at_.reset();
  if (std::exchange(redis_in_doubt_, false)) rows_after_doubt_ = kFewRows;
}

}  // namespace outboxd::simulation
