// SPDX-License-Identifier: Apache-2.0
#include "telemetry/terminal.hpp"

#include "system/signals_blocked.hpp"
#include "telemetry/escape.hpp"
#include "telemetry/line_queue.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <poll.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace outboxd::telemetry {

namespace {

constexpr std::string_view kClearLine = "\r\x1b[K";

// How much a slow reader finds later; a flood of lines must not take the daemon's memory.
constexpr std::size_t kMostBytes = 256U << 10U;
constexpr std::size_t kMostLines = 2'000;
constexpr std::size_t kMostBytesAWrite = 64U << 10U;

std::size_t columns_of(int descriptor) {
  constexpr std::size_t kUnknown = 80;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return size.ws_col;
}

/// The longest beginning of `text` with at most `columns` characters (of UTF-8, taken as one column each).
std::string_view first_columns(std::string_view text, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    if (starts_character && characters++ == columns) return text.substr(0, i);
  }
  return text;
}

/// Writes to a descriptor, and knows whether its last line is whole. Made by the thread that writes.
class LineOutput {
 public:
  /// `ends`: the reader is no longer waited for; outlives this.
  LineOutput(int descriptor, const std::atomic<bool>& ends) : descriptor_{descriptor}, ends_{ends} {}

  /// The text after a line of which only a part could be written begins a new line.
  bool write_all(std::string_view bytes) {
    if (half_written_ && !write_on("\n")) return false;
    if (!write_on(bytes)) return false;
    half_written_ = false;
    return true;
  }

 private:
  /// A failure can't be reported, as standard error itself has failed.
  bool write_on(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written >= 0) {
        if (written > 0) half_written_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        constexpr int kLookAgain = 100;
        pollfd ready{descriptor_, POLLOUT, 0};
        if ((::poll(&ready, 1, kLookAgain) < 0 && errno != EINTR) || ends_) return false;
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  const int descriptor_;
  const std::atomic<bool>& ends_;
  bool half_written_ = false;
};

}  // namespace

class Terminal::Writer {
 public:
  explicit Writer(int descriptor) : descriptor_(descriptor) {}

  void push(const std::shared_ptr<Writer>& self, std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (!start(self) || !queue_.has_room_for(line.size()) || !keep(line)) {
      ++dropped_;
      ++unsaid_;
      return;
    }
    changed_.notify_all();
  }

  void show(const std::shared_ptr<Writer>& self, std::string text) {
    const std::lock_guard lock(mutex_);
    if (text == progress_ || !start(self)) return;
    progress_ = std::move(text);
    changed_.notify_all();
  }

  void lose() {
    const std::lock_guard lock(mutex_);
    ++dropped_;
    ++unsaid_;
  }

  void on_dropped(std::function<std::string(std::uint64_t)> describe) {
    const std::lock_guard lock(mutex_);
    describe_ = std::move(describe);
  }

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  void flush(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return !works_ || (!writing_ && !has_work()); });
  }

  void end() {
    std::unique_lock lock(mutex_);
    ends_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !works_; });
  }

 private:
  bool start(const std::shared_ptr<Writer>& self) {
    if (works_) return true;
    try {
      const system::AllSignalsBlocked blocked;
      std::thread([self] { self->work(); }).detach();
      works_ = true;
    } catch (const std::exception&) {
      // The next line tries again.
    }
    return works_;
  }

  // No exception may leave while the lock is held: the process would end there, and the lock never be released.

  /// False when memory does not suffice.
  bool keep(std::string_view line) {
    try {
      // The notice stands where the lines are missing.
      const auto said = describe_ ? unsaid_ : 0;
      queue_.push((said > 0 ? describe_(said) : std::string()).append(line), said);
      unsaid_ -= said;
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  struct Next {
    LineQueue::Taken taken;
    std::string progress;
    std::string bytes;
  };

  /// Determines what to write next; false when memory does not suffice: then all waiting lines are dropped.
  bool compose(Next& next) {
    try {
      next.progress = progress_;
      next.taken = queue_.take(kMostBytesAWrite);
      if (next.taken.lines == 0 && unsaid_ > 0 && describe_) {
        next.taken.text = describe_(unsaid_);
        next.taken.dropped_before = std::exchange(unsaid_, 0);
      }
      const bool redraws = !drawn_.empty() || !progress_.empty();
      next.bytes = redraws ? kClearLine : "";
      next.bytes.append(next.taken.text).append(first_columns(progress_, redraws ? columns_of(descriptor_) - 1 : 0));
      return true;
    } catch (const std::exception&) {
      const auto dropped = queue_.drop();
      next.taken.lines += dropped.lines;
      next.taken.dropped_before += dropped.dropped_before;
      next.progress.clear();
      progress_.clear();
      return false;
    }
  }

  [[nodiscard]] bool has_work() const {
    return !queue_.empty() || progress_ != drawn_ || (unsaid_ > 0 && describe_ && !failing_);
  }

  void work() {
    LineOutput output{descriptor_, ends_};
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ends_ || has_work(); });
      if (!has_work() || (ends_ && failing_)) break;
      Next next;
      bool written = compose(next);
      if (written) {
        writing_ = true;
        lock.unlock();
        // A single write, so that the progress line never seems to vanish.
        written = output.write_all(next.bytes);
        lock.lock();
        writing_ = false;
      }
      failing_ = !written;
      // Even where it could not be drawn: it is drawn again with the next line, or the next progress.
      drawn_ = std::move(next.progress);
      if (!written) {
        dropped_ += next.taken.lines;
        unsaid_ += next.taken.lines + next.taken.dropped_before;
      }
      changed_.notify_all();
    }
    works_ = false;
    changed_.notify_all();
  }

  const int descriptor_;
  std::mutex mutex_;
  /// Anything below.
  std::condition_variable changed_;
  LineQueue queue_{kMostBytes, kMostLines};
  std::string progress_;
  std::string drawn_;
  std::function<std::string(std::uint64_t)> describe_;
  std::atomic<std::uint64_t> dropped_ = 0;
  /// The dropped lines that no notice has counted yet.
  std::uint64_t unsaid_ = 0;
  bool works_ = false;
  bool writing_ = false;
  bool failing_ = false;
  std::atomic<bool> ends_ = false;
};

Terminal::Terminal(int descriptor, bool shows_progress)
    : shows_progress_(shows_progress), writer_(std::make_shared<Writer>(descriptor)) {}

Terminal::~Terminal() {
  writer_->end();
}

Terminal& Terminal::standard_error() {
  // `TERM=dumb` promises a terminal without cursor movement.
  static auto* const instance = [] {
    const char* kind = std::getenv("TERM");
    const bool can_redraw = ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
    return new Terminal(STDERR_FILENO, can_redraw);
  }();
  return *instance;
}

void Terminal::write(std::string_view line) {
  writer_->push(writer_, line);
}

void Terminal::show_progress(std::string_view text) {
  if (!shows_progress_) return;
  std::string printable;
  append_printable(printable, text);
  writer_->show(writer_, std::move(printable));
}

void Terminal::on_dropped(std::function<std::string(std::uint64_t)> describe) {
  writer_->on_dropped(std::move(describe));
}

void Terminal::lose_a_line() {
  writer_->lose();
}

std::uint64_t Terminal::dropped() const {
  return writer_->dropped();
}

void Terminal::flush(std::chrono::milliseconds patience) {
  writer_->flush(patience);
}

}  // namespace outboxd::telemetry
