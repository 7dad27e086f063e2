// SPDX-License-Identifier: Apache-2.0
#include "system/blocking_thread.hpp"

#include "system/signals_blocked.hpp"

#include <pthread.h>

namespace outboxd::system {

namespace {

constexpr std::size_t kLongestThreadName = 15;

}  // namespace

BlockingThread::BlockingThread(const std::string& name) {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this, short_name = name.substr(0, kLongestThreadName)] {
    // The thread names itself, as naming another thread needs /proc, which a container may lack.
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
