// SPDX-License-Identifier: Apache-2.0
#include "daemon/signatures/check_run.hpp"

#include <iostream>
#include <vector>

namespace outboxd::daemon {
namespace {

constexpr std::chrono::milliseconds kLookAgainAfter{500};

class CheckRun {
 public:
  CheckRun(const CheckPlan& plan, StreamReader& reader, Judge& judge, SignatureReport& report,
           const WaitForStop& wait_for_stop)
      : plan_{plan}, reader_{reader}, judge_{judge}, report_{report}, wait_for_stop_{wait_for_stop} {}

  void run() {
    const VisitPage visit = [this](const auto& page) { return look_at(page); };
    if (plan_.unread_of) {
      read_unread(*plan_.unread_of, visit);
    } else {
      read_range(visit);
    }
  }

 private:
  void read_range(const VisitPage& visit) {
    auto next = plan_.range;
    next.from = reader_.read(next, visit);
    // A misspelt stream would look like one without a wrong entry.
    if (report_.entries == 0) reader_.require_stream();
    while (plan_.follows && !stopped_ && std::cout && left() > 0) {
      if (wait_for_stop_(kLookAgainAfter)) return;
      next.count = left();
      next.from = reader_.read(next, visit);
    }
  }

  void read_unread(const std::string& group, const VisitPage& visit) {
    const auto position = reader_.position_of(group);
    report_.unread = UnreadCounts{.group = group, .pending = position.pending};
    report_.unread->gone = reader_.read_pending(group, position, visit);
    if (stopped_ || left() == 0) return;
    reader_.read({.from = "(" + position.last_delivered_id, .to = "+", .count = left()}, visit);
  }

  [[nodiscard]] std::uint64_t left() const { return plan_.range.count - report_.entries; }

  bool look_at(const std::vector<EntryView>& page) {
    for (const auto& entry : page) {
      if (left() == 0) return false;
      look_at(entry);
    }
    std::cout.flush();
    if (std::cout && !wait_for_stop_(std::chrono::milliseconds{0})) return true;
    // The usual end of --follow.
    report_.is_complete = plan_.follows;
    stopped_ = true;
    return false;
  }

  void look_at(const EntryView& entry) {
    const auto judgement = judge_.judge(entry.fields, time_of(entry.id).value_or(EntryTime{}));
    report_.add(entry.id, judgement);
    if (judgement.fault == SignatureFault::none) return;
    if (listed_ == plan_.list) {
      ++report_.unlisted;
      return;
    }
    ++listed_;
    std::cout << (plan_.json ? json_line_of(entry.id, judgement, report_) : text_of(entry.id, judgement, report_));
  }

  const CheckPlan& plan_;
  StreamReader& reader_;
  Judge& judge_;
  SignatureReport& report_;
  const WaitForStop& wait_for_stop_;
  std::uint64_t listed_ = 0;
  bool stopped_ = false;
};

}  // namespace

int check_entries(const CheckPlan& plan, StreamReader& reader, Judge& judge, SignatureReport& report,
                  const WaitForStop& wait_for_stop) {
  const auto print = [&] { std::cout << (plan.json ? json_line_of(report) : text_of(report)) << std::flush; };
  try {
    CheckRun{plan, reader, judge, report, wait_for_stop}.run();
  } catch (...) {
    report.is_complete = false;
    if (report.entries > 0) print();
    throw;
  }
  print();
  return exit_status_of(report);
}

}  // namespace outboxd::daemon
