// SPDX-License-Identifier: Apache-2.0
#include "stream_metrics/stream_history.hpp"

namespace outboxd::stream_metrics {

void StreamHistory::note(const redis::StreamInfo& stream) {
  const bool fewer = added_ && stream.entries_added && *stream.entries_added < *added_;
  const bool earlier = last_ && stream.last_generated && last_->is_above(*stream.last_generated);
  if (fewer || earlier) go_back();
  last_ = stream.last_generated;
  added_ = stream.entries_added;
}

void StreamHistory::note_missing() {
  // A key that never had an entry is no loss.
  const bool had_entries = last_ && last_->is_above({});
  if (had_entries) go_back();
  last_.reset();
  added_.reset();
}

void StreamHistory::go_back() {
  ++went_back_;
  for (auto& [name, group] : groups_) group.begin_again();
}

}  // namespace outboxd::stream_metrics
