// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/signatures/entry_range.hpp"
#include "daemon/signatures/page_size.hpp"
#include "entry/verify.hpp"
#include "redis/command_session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outboxd::daemon {

/// An entry of a reply, which must outlive it.
struct EntryView {
  std::string_view id;
  std::vector<entry::FieldView> fields;
};

/// The entries of an answer to XRANGE. Throws std::runtime_error for any other answer.
[[nodiscard]] std::vector<EntryView> entries_of(const redis::Value& answer);

struct StreamReaderOptions {
  redis::Endpoint endpoint;
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds timeout{0};
  std::string stream;
  /// The largest page that is taken; a larger one is asked for in smaller parts, down to a single entry.
  std::size_t most_bytes = 64UL << 20U;
};

/// Called for each page of entries; returns false to end the reading.
using VisitPage = std::function<bool(const std::vector<EntryView>&)>;

/// How far a consumer group has acknowledged a stream.
struct GroupPosition {
  std::string last_delivered_id;
  std::uint64_t pending = 0;
};

/// Reads a stream in pages, so that memory is bounded however large it and its entries are. Changes nothing. Throws
/// std::runtime_error, with the reason and the remedy, if it can't read.
class StreamReader {
 public:
  explicit StreamReader(StreamReaderOptions options);

  /// Reads the entries of the range, oldest first, up to the first page that is not full. Returns the begin of a
  /// range of what comes later.
  std::string read(EntryRange range, const VisitPage& visit);

  /// Reads those that the group has read and not acknowledged. Returns the number of pending entries that are no
  /// longer in the stream.
  std::uint64_t read_pending(const std::string& group, const GroupPosition& position, const VisitPage& visit);

  /// Throws if the stream or the group doesn't exist.
  [[nodiscard]] GroupPosition position_of(const std::string& group);

  /// Throws if there certainly is no such stream.
  void require_stream();

 private:
  /// The reply to one command; an error reply is thrown.
  redis::Value ask(std::initializer_list<std::string_view> command);
  void require_no_error(const redis::Value& answer, std::span<const std::string_view> command) const;
  /// The same for entries, in pages that become smaller as long as they are too large. `ask_page`: asks for at most
  /// so many.
  template <class AskPage>
  auto ask_for_page(const std::string& begin, const AskPage& ask_page);
  /// Calls `visit` with those of these entries that still exist. Returns how many don't.
  std::uint64_t read_each(std::span<const std::string> ids, const VisitPage& visit, bool& goes_on);
  redis::CommandSession& session();

  StreamReaderOptions options_;
  std::unique_ptr<redis::CommandSession> session_;
  PageSize page_;
};

}  // namespace outboxd::daemon
