// SPDX-License-Identifier: Apache-2.0
#include "system/blocking_thread.hpp"

#include <csignal>
#include <pthread.h>

namespace outboxd::system {

namespace {

/// Blocks every signal while it lives. Threads inherit the mask they are started under, so there is no moment at
/// which a signal could be delivered to the new one.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

constexpr std::size_t kLongestThreadName = 15;

}  // namespace

BlockingThread::BlockingThread(const std::string& name) {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this, short_name = name.substr(0, kLongestThreadName)] {
    // Of the thread itself: naming another goes through /proc, which a container may lack.
    pthread_setname_np(pthread_self(), short_name.c_str());
    work();
  });
}

BlockingThread::~BlockingThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void BlockingThread::enqueue(std::unique_ptr<Task> task) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void BlockingThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task->run();
    task.reset();
    lock.lock();
  }
}

}  // namespace outboxd::system
