// SPDX-License-Identifier: Apache-2.0
#include "redis/resp.hpp"

#include <hiredis/hiredis.h>

#include <stdexcept>

namespace outboxd::redis {
namespace {

constexpr int kMaxDepth = 7;

Value* place(const redisReadTask* task, Value value) {
  if (task->parent == nullptr) return new Value(std::move(value));
  auto& items = static_cast<Value*>(task->parent->obj)->items;
  auto& slot = items.at(static_cast<std::size_t>(task->idx));
  slot = std::move(value);
  return &slot;
}

void* create_string(const redisReadTask* task, char* text, std::size_t length) {
  Value value;
  if (task->type == REDIS_REPLY_ERROR) {
    value.kind = Value::Kind::error;
  } else {
    value.kind = task->type == REDIS_REPLY_STATUS ? Value::Kind::status : Value::Kind::string;
  }
  value.text.assign(text, length);
  return place(task, std::move(value));
}

// hiredis 0.14 has this bound itself, 1.x has none. Values are destroyed recursively, so the depth must be bounded.
bool too_deep(const redisReadTask* task) {
  int depth = 0;
  for (; task != nullptr; task = task->parent) ++depth;
  return depth > kMaxDepth;
}

// The count is an int in hiredis 0.14 and a size_t in 1.x.
template <class Count>
void* create_array(const redisReadTask* task, Count count) {
  auto& items_left = *static_cast<std::size_t*>(task->privdata);
  if (static_cast<std::size_t>(count) > items_left || too_deep(task)) return nullptr;
  items_left -= static_cast<std::size_t>(count);
  Value value;
  value.kind = Value::Kind::array;
  value.items.resize(static_cast<std::size_t>(count));
  return place(task, std::move(value));
}

void* create_integer(const redisReadTask* task, long long number) {
  Value value;
  value.kind = Value::Kind::integer;
  value.number = number;
  return place(task, std::move(value));
}

void* create_nil(const redisReadTask* task) {
  return place(task, {});
}

void free_object(void* object) {
  delete static_cast<Value*>(object);
}

// hiredis 1.x also reads version 3 of the protocol, which we never ask for: its additional types are refused.
template <class Functions>
void refuse_resp3(Functions& functions) {
  if constexpr (requires { functions.createDouble; }) {
    functions.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* { return nullptr; };
    functions.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
  }
}

redisReplyObjectFunctions object_functions() {
  redisReplyObjectFunctions functions{};
  functions.createString = create_string;
  functions.createArray = create_array;
  functions.createInteger = create_integer;
  functions.createNil = create_nil;
  functions.freeObject = free_object;
  refuse_resp3(functions);
  return functions;
}

}  // namespace

void append_command(std::string& out, std::span<const std::string_view> arguments) {
  out.append("*").append(std::to_string(arguments.size())).append("\r\n");
  for (const auto argument : arguments) {
    out.append("$").append(std::to_string(argument.size())).append("\r\n").append(argument).append("\r\n");
  }
}

void ReplyReader::FreeReader::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(ReplyBounds bounds)
    : bounds_{bounds}, items_left_{std::make_unique<std::size_t>(bounds.items)} {
  static redisReplyObjectFunctions functions = object_functions();
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = items_left_.get();
}

bool ReplyReader::feed(std::string_view bytes) {
  if (!error_.empty()) return false;
  pending_bytes_ += bytes.size();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) error_ = reader_->errstr;
  return error_.empty();
}

std::optional<Value> ReplyReader::next() {
  if (!error_.empty()) return std::nullopt;
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    is_too_large_ = reader_->err == REDIS_ERR_OOM;
    error_ = is_too_large_ ? "a reply of a type or size that none of our commands has" : std::string{reader_->errstr};
    return std::nullopt;
  }
  if (reply == nullptr) {
    // Counted here, as hiredis' own count leaves out the complete items of an incomplete array.
    is_too_large_ = pending_bytes_ > bounds_.bytes;
    if (is_too_large_) error_ = "a reply that does not end";
    return std::nullopt;
  }
  pending_bytes_ = reader_->len - reader_->pos;
  *items_left_ = bounds_.items;
  const std::unique_ptr<Value> owned{static_cast<Value*>(reply)};
  return std::move(*owned);
}

}  // namespace outboxd::redis
