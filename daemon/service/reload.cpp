// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/reload.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <string>
#include <utility>

namespace outboxd::daemon {

Reload::Reload(boost::asio::any_io_executor loop, std::function<config::Loaded()> load,
               std::function<void(ReloadScope, const config::Loaded&)> done)
    : loop_{std::move(loop)}, load_{std::move(load)}, done_{std::move(done)} {}

void Reload::ask(ReloadScope wanted) {
  constexpr std::chrono::seconds kBetweenLogins{1};
  const bool was_just_read = last_read_ && Clock::now() - *last_read_ < kBetweenLogins;
  if (wanted == ReloadScope::logins && (wanted_ || was_just_read)) return;
  wanted_ = wanted;
  if (std::exchange(reads_, true)) return;
  boost::asio::co_spawn(loop_, read(), [this](const std::exception_ptr& error) {
    reads_ = false;
    if (error) std::rethrow_exception(error);
  });
}

boost::asio::awaitable<void> Reload::read() {
  // A request that comes while the files are read starts another reading, as they may have changed meanwhile.
  while (wanted_) {
    const auto wanted = *std::exchange(wanted_, std::nullopt);
    config::Loaded loaded;
    try {
      if (!thread_) thread_.emplace("reload");
      loaded = co_await thread_->run([this] { return load_(); });
    } catch (const std::exception& error) {
      // A lack of memory or threads must not end the daemon.
      loaded.problems.push_back({{}, std::string{"the configuration could not be read again: "} + error.what()});
    }
    last_read_ = Clock::now();
    done_(wanted, loaded);
  }
}

}  // namespace outboxd::daemon
