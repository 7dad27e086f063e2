// SPDX-License-Identifier: Apache-2.0
#include "redis/command_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <stdexcept>
#include <utility>

namespace outboxd::redis {
namespace {

/// Runs the coroutine to its end, and returns what it returns.
template <class Result>
Result wait_for(boost::asio::io_context& context, boost::asio::awaitable<Result> work) {
  auto result = boost::asio::co_spawn(context, std::move(work), boost::asio::use_future);
  context.restart();
  context.run();
  return result.get();
}

}  // namespace

CommandSession::CommandSession(Endpoint endpoint, std::chrono::milliseconds timeout, ReplyBounds bounds)
    : connection_{context_.get_executor(), std::move(endpoint), bounds}, bounds_{bounds}, timeout_{timeout} {
  open();
}

void CommandSession::open() {
  const auto failure = wait_for(context_, connection_.open(timeout_));
  if (failure) throw std::runtime_error(*failure);
}

Value CommandSession::call(std::initializer_list<std::string_view> arguments) {
  std::string command;
  append_command(command, std::span{arguments.begin(), arguments.size()});
  return std::move(exchange(std::move(command), 1).front());
}

std::vector<Value> CommandSession::call_all(std::span<const Command> commands) {
  if (commands.empty()) return {};
  std::string encoded;
  for (const auto& command : commands) {
    const std::vector<std::string_view> arguments{command.begin(), command.end()};
    append_command(encoded, arguments);
  }
  return exchange(std::move(encoded), commands.size());
}

Value CommandSession::ask(const Command& command) {
  return std::move(ask_all(std::span{&command, 1}).front());
}

std::vector<Value> CommandSession::ask_all(std::span<const Command> commands) {
  try {
    return call_all(commands);
  } catch (const RepliesTooLarge& error) {
    open();
    if (commands.size() == 1) {
      Value answer;
      answer.kind = Value::Kind::error;
      answer.text = std::string{kOverBounds} + error.what();
      return {std::move(answer)};
    }
  }
  // One by one, so that only those that are too large are left out.
  std::vector<Value> answers;
  for (const auto& command : commands) answers.push_back(ask(command));
  return answers;
}

std::vector<Value> CommandSession::exchange(std::string commands, std::size_t count) {
  auto answered = wait_for(context_, connection_.exchange(std::move(commands), count, timeout_));
  if (answered.is_too_large) {
    throw RepliesTooLarge("Redis at " + endpoint().shown + " gave an answer of more than " +
                          std::to_string(bounds_.bytes >> 20U) + " MiB or " + std::to_string(bounds_.items) +
                          " items");
  }
  if (!answered.failure.empty()) {
    const bool is_named = answered.failure.find(endpoint().shown) != std::string::npos;
    throw std::runtime_error(is_named ? answered.failure : "Redis at " + endpoint().shown + ": " + answered.failure);
  }
  return std::move(answered.replies);
}

}  // namespace outboxd::redis
