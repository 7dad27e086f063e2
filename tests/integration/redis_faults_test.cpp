// SPDX-License-Identifier: Apache-2.0
// What the publisher makes of a Redis that misbehaves in every way: each row's fate is the right one, no reply is
// taken for another command's, and the next batch gets through.
#include "redis/publisher.hpp"
#include "support/fake_redis.hpp"
#include "support/gate.hpp"
#include "support/socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <exception>
#include <memory>
#include <optional>
#include <regex>

using outboxd::Fault;
using outboxd::Reply;
using outboxd::entry::Entry;
using outboxd::redis::Publisher;
using outboxd::redis::PublisherOptions;
using outboxd::test::FakePeer;
using outboxd::test::FakeRedis;
using outboxd::test::Gate;

namespace {

constexpr std::chrono::milliseconds kPatient{10'000};
constexpr std::chrono::milliseconds kShort{150};

/// One letter a row: Published, Unanswered, Away (not sent), Refused to everyone, Entry refused, Elsewhere (M,
/// moved).
char letter_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return 'P';
    case Fault::unanswered:
      return 'U';
    case Fault::redis_away:
      return 'A';
    case Fault::redis_refuses:
      return 'R';
    case Fault::entry_refused:
      return 'E';
    case Fault::stream_elsewhere:
      return 'M';
    default:
      return '?';
  }
}

std::string fates(const std::vector<Reply>& replies) {
  std::string letters;
  for (const auto& reply : replies) letters.push_back(letter_of(reply.fault));
  return letters;
}

/// The reply to an XADD that was carried out.
std::string entry_id(int number) {
  return "$15\r\n1700000000000-" + std::to_string(number) + "\r\n";
}

std::string entry_ids(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += entry_id(i);
  return text;
}

std::vector<Entry> entries(std::size_t count, std::size_t value_bytes = 10) {
  return std::vector<Entry>(count,
                            Entry{"a.stream", {{"outbox_id", "row"}, {"text", std::string(value_bytes, 'x')}}});
}

/// A publisher with an event loop of its own; calls block.
class Client {
 public:
  explicit Client(std::uint16_t port, std::chrono::milliseconds timeout = kPatient, const std::string& password = "")
      : publisher_{loop_.get_executor(), options(port, timeout, password), [](const std::string&) {}} {}

  std::vector<Reply> publish(const std::vector<Entry>& batch) {
    return wait_for(publisher_.publish(batch, outboxd::dispatch::TimePoint::max()));
  }
  std::string publish(std::size_t rows) { return fates(publish(entries(rows))); }
  Reply probe(const std::string& stream = "a.stream") { return wait_for(publisher_.probe(stream)); }

 private:
  static PublisherOptions options(std::uint16_t port, std::chrono::milliseconds timeout,
                                  const std::string& password) {
    PublisherOptions options;
    options.endpoint.host = "127.0.0.1";
    options.endpoint.port = port;
    options.endpoint.password = password;
    options.endpoint.shown = "the fake server";
    options.connect_timeout = timeout;
    options.timeout = timeout;
    return options;
  }

  template <class T>
  T wait_for(boost::asio::awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr error;
    boost::asio::co_spawn(loop_, std::move(work), [&](std::exception_ptr failure, T value) {
      error = std::move(failure);
      result = std::move(value);
    });
    loop_.restart();
    loop_.run();
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }

  boost::asio::io_context loop_;
  Publisher publisher_;
};

/// A healthy server's part in one batch.
void serve_batch(FakePeer& peer, std::size_t rows) {
  peer.read(rows);
  peer.send(entry_ids(static_cast<int>(rows)));
  peer.wait_for_end();
}

enum class End { close, reset };

}  // namespace

TEST_CASE("connection refused: nothing was sent") {
  Client client(outboxd::test::free_port());
  CHECK(client.publish(3) == "AAA");
  CHECK(client.probe().fault == Fault::redis_away);
}

TEST_CASE("an answer cut at every byte: what was answered is known, the rest is unanswered, nothing else") {
  const std::vector<std::pair<std::string, char>> answer{{entry_id(0), 'P'},
                                                         {"-WRONGTYPE Operation against a key\r\n", 'E'},
                                                         {entry_id(1), 'P'},
                                                         {"-OOM command not allowed\r\n", 'R'},
                                                         {entry_id(2), 'P'}};
  std::string whole;
  for (const auto& [text, letter] : answer) whole += text;
  for (const auto end : {End::close, End::reset}) {
    std::atomic<std::size_t> cut = 0;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(answer.size());
      peer.send(whole.substr(0, cut));
      if (end == End::reset) peer.reset();
    });
    Client client(server.port());
    for (cut = 0; cut <= whole.size(); ++cut) {
      std::string expected;
      std::size_t length = 0;
      for (const auto& [text, letter] : answer) expected += (length += text.size()) <= cut ? letter : 'U';
      CAPTURE(cut.load());
      CHECK(client.publish(answer.size()) == expected);
    }
    CHECK(server.connections() == static_cast<int>(whole.size()) + 1);
  }
}

TEST_CASE("an answer that comes byte by byte is an answer") {
  FakeRedis server([](FakePeer& peer) {
    peer.read(3);
    for (const char byte : entry_ids(3)) peer.send({&byte, 1});
    peer.wait_for_end();
  });
  CHECK(Client(server.port()).publish(3) == "PPP");
}

TEST_CASE("a request cut at every byte: nothing that was not answered is published") {
  std::atomic<std::size_t> cut = 0;
  FakeRedis server([&](FakePeer& peer) {
    if (peer.number() == 0) {
      peer.read(1);
      peer.send(entry_id(0));
      return;
    }
    peer.read_bytes(cut);
    peer.reset();
  });
  Client client(server.port());
  REQUIRE(client.publish(1) == "P");
  for (cut = 0; cut < 300; cut += 7) {
    // So small a batch fits into the kernel's buffers: whether all of it had left when the reset came is a race.
    const auto letters = client.publish(3);
    CAPTURE(letters);
    CHECK(letters.size() == 3);
    CHECK(std::regex_match(letters, std::regex("U*A*")));
  }
}

TEST_CASE("lost in the middle of a large write: answered rows are published, wholly unsent ones were never there") {
  constexpr std::size_t kRows = 16;
  constexpr std::size_t kBytes = 1U << 20U;
  for (const bool hangs : {false, true}) {
    std::atomic<std::size_t> read = 0;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(2);
      peer.send(entry_ids(2));
      read = peer.bytes_read();
      if (hangs) peer.hang();
      peer.reset();
    });
    Client client(server.port(), hangs ? std::chrono::milliseconds{1'000} : kPatient);
    const auto letters = fates(client.publish(entries(kRows, kBytes)));
    CAPTURE(hangs);
    CAPTURE(letters);
    CHECK(letters.size() == kRows);
    CHECK(std::regex_match(letters, std::regex("PPU*A+")));
    // What the server has read in full can't have stayed here.
    const auto arrived = read / (kBytes + 200);
    CHECK(letters.substr(0, arrived).find('A') == std::string::npos);
  }
}

TEST_CASE("what is not Redis' protocol, or absurdly large, or of the wrong type: unanswered from there on") {
  std::string nested;
  for (int i = 0; i < 1'000; ++i) nested += "*1\r\n";
  const std::vector<std::string> bad{
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "hello\r\n", std::string(8, '\0'), "\r\n", "@5\r\n",
      "$abc\r\n", "$-7\r\n", ":12a\r\n", "*-2\r\n", "$15 \r\n1700000000000-0\r\n",
      // Lengths that nobody means.
      "$999999999999\r\n", "$536870913\r\n", "$9223372036854775807\r\n", "$99999999999999999999\r\n",
      "$-9223372036854775808\r\n", "*1000000000\r\n", "*2147483647\r\n", "*9223372036854775807\r\n", nested,
      // Well-formed, but no answer to XADD.
      "$-1\r\n", "*-1\r\n", ":5\r\n", "+OK\r\n", "+QUEUED\r\n", "*0\r\n", "$0\r\n\r\n", "$2\r\nhi\r\n", "$1\r\n-\r\n",
      "$3\r\n1-x\r\n", "$7\r\n1-1\r\n-1\r\n", "*1\r\n$3\r\n1-1\r\n",
      // Version 3 of the protocol.
      "_\r\n", "#t\r\n", ",1.5\r\n", "%1\r\n+a\r\n+b\r\n", "~1\r\n+a\r\n", ">2\r\n+message\r\n+x\r\n", "(123\r\n"};
  for (const auto& text : bad) {
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) return serve_batch(peer, 2);
      peer.read(3);
      // Replies that would look right follow: they no longer belong to anything.
      peer.send(entry_id(7) + text + entry_ids(2));
      peer.wait_for_end();
    });
    Client client(server.port(), std::chrono::milliseconds{500});
    CAPTURE(text.substr(0, 60));
    CHECK(client.publish(3) == "PUU");
    CHECK(client.publish(2) == "PP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a reply without end is not read for ever") {
  for (const std::string start : {"+", "-ERR ", "$536870912\r\n", "*2\r\n$400000000\r\n"}) {
    std::atomic<std::size_t> sent = 0;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(2);
      peer.send(entry_id(0) + start);
      for (const std::string chunk(65'536, 'a'); sent < (256U << 20U); sent += chunk.size()) peer.send(chunk);
    });
    Client client(server.port(), std::chrono::minutes{2});
    CAPTURE(start);
    CHECK(client.publish(2) == "PU");
    CHECK(sent < (32U << 20U));
  }
}

TEST_CASE("errors decide their own row, and the neighbours are published") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"MOVED 3999 127.0.0.1:6381", "PMP"},
      {"ASK 3999 127.0.0.1:6381", "PMP"},
      {"LOADING Redis is loading the dataset in memory", "PRP"},
      {"READONLY You can't write against a read only replica.", "PRP"},
      {"OOM command not allowed when used memory > 'maxmemory'.", "PRP"},
      {"MISCONF Redis is configured to save RDB snapshots", "PRP"},
      {"NOREPLICAS Not enough good replicas to write.", "PRP"},
      {"BUSY Redis is busy running a script.", "PRP"},
      {"NOAUTH Authentication required.", "PRP"},
      {"MASTERDOWN Link with MASTER is down", "PRP"},
      {"ERR unknown command 'XADD', with args beginning with:", "PRP"},
      {"NOPERM User relay has no permissions to run the 'xadd' command", "PRP"},
      {"NOPERM No permissions to access a key", "PEP"},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", "PEP"},
      {"ERR The ID specified in XADD is equal or smaller", "PEP"},
      {"SOMETHING nobody has heard of", "PEP"},
      {"", "PEP"}};
  for (const auto& line : table) {
    const auto& error = line.first;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(3);
      peer.send(entry_id(0) + "-" + error + "\r\n" + entry_id(1));
      serve_batch(peer, 2);
    });
    Client client(server.port());
    CAPTURE(error);
    CHECK(client.publish(3) == line.second);
    // An error is an answer: the connection is as good as before.
    CHECK(client.publish(2) == "PP");
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("fewer replies than commands, or none, or too late: the missing rows are unanswered") {
  for (const int answered : {0, 1, 2}) {
    Gate timed_out;
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) {
        peer.read(2);
        peer.send("-WRONGTYPE its own answer\r\n" + entry_id(9));
        peer.wait_for_end();
      }
      peer.read(3);
      peer.send(entry_ids(answered));
      timed_out.pass();
      // Too late for this batch, and not to be taken for an answer to the next.
      peer.send(entry_ids(3 - answered));
      peer.wait_for_end();
    });
    Client client(server.port(), kShort);
    CAPTURE(answered);
    const auto letters = client.publish(3);
    timed_out.open();
    CHECK(letters == std::string(static_cast<std::size_t>(answered), 'P') +
                         std::string(static_cast<std::size_t>(3 - answered), 'U'));
    CHECK(client.publish(2) == "EP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("more replies than commands: the next batch does not take what is left as its own") {
  const std::vector<std::string> extras{entry_id(5), entry_ids(3), "$15\r\n17000", "+", "-OOM no\r\n", "garbage"};
  for (const auto& extra : extras) {
    for (const bool late : {false, true}) {
      Gate published;
      Gate extra_sent;
      FakeRedis server([&](FakePeer& peer) {
        if (peer.number() > 0) {
          peer.read(2);
          peer.send("-WRONGTYPE its own answer\r\n" + entry_id(9));
          peer.wait_for_end();
        }
        peer.read(3);
        peer.send(late ? entry_ids(3) : entry_ids(3) + extra);
        if (late) published.pass();
        if (late) peer.send(extra);
        extra_sent.open();
        peer.wait_for_end();
      });
      Client client(server.port(), std::chrono::milliseconds{2'000});
      CAPTURE(extra);
      CAPTURE(late);
      CHECK(client.publish(3) == "PPP");
      published.open();
      extra_sent.pass();
      CHECK(client.publish(2) == "EP");
      CHECK(server.connections() == 2);
    }
  }
}

TEST_CASE("a server that accepts and never answers: nothing was sent while it had not even greeted") {
  FakeRedis server([](FakePeer& peer) { peer.hang(); });
  for (const std::string password : {"", "secret"}) {
    Client client(server.port(), kShort, password);
    const auto replies = client.publish(entries(3));
    CHECK(fates(replies) == "AAA");
    CAPTURE(replies[0].text);
    // People learn that it hangs, and nothing about descriptors.
    CHECK(replies[0].text.find("no answer in time") != std::string::npos);
    CHECK(replies[0].text.find("secret") == std::string::npos);
    CHECK(client.probe().fault == Fault::redis_away);
  }
}

TEST_CASE("a refused or garbled greeting: nothing was sent") {
  for (const std::string answer : {"-WRONGPASS invalid username-password pair\r\n", "-LOADING Redis is loading\r\n",
                                   "garbage\r\n", "-ERR max number of clients reached\r\n", ""}) {
    FakeRedis server([&](FakePeer& peer) {
      peer.read(1);
      peer.send(answer);
    });
    CAPTURE(answer);
    CHECK(Client(server.port(), kPatient, "secret").publish(2) == "AA");
  }
}

TEST_CASE("an idle connection that the server has ended: the next batch reconnects, and nothing is unanswered") {
  for (const auto end : {End::close, End::reset}) {
    Gate idle;
    Gate ended;
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) return serve_batch(peer, 3);
      peer.read(3);
      peer.send(entry_ids(3));
      idle.pass();
      if (end == End::reset) peer.reset();
      peer.close();
      ended.open();
    });
    Client client(server.port());
    CHECK(client.publish(3) == "PPP");
    idle.open();
    ended.pass();
    CHECK(client.publish(3) == "PPP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a server restarted on its port between two batches: it just reconnects") {
  auto server = std::make_unique<FakeRedis>([](FakePeer& peer) { serve_batch(peer, 2); });
  const auto port = server->port();
  Client client(port);
  CHECK(client.publish(2) == "PP");
  server = nullptr;
  CHECK(client.publish(2) == "AA");
  server = std::make_unique<FakeRedis>([](FakePeer& peer) { serve_batch(peer, 2); }, port);
  CHECK(client.publish(2) == "PP");
}

TEST_CASE(
    "a Redis that refuses everyone is asked again over a new connection: its address may lead elsewhere by then") {
  FakeRedis server([](FakePeer& peer) {
    if (peer.number() > 0) return serve_batch(peer, 2);
    peer.read(2);
    peer.send(
        "-READONLY You can't write against a read only replica.\r\n"
        "-READONLY You can't write against a read only replica.\r\n");
    peer.read(1);
    peer.send("-READONLY You can't write against a read only replica.\r\n");
    peer.wait_for_end();
  });
  Client client(server.port());
  CHECK(client.publish(2) == "RR");
  CHECK(client.probe().fault == Fault::redis_refuses);
  CHECK(client.publish(2) == "PP");
  CHECK(server.connections() == 2);
}

TEST_CASE("a probe of a Redis that misbehaves is an outage, and never throws") {
  const std::vector<std::string> answers{
      "", "garbage\r\n", "$99999999999999\r\n", "-OOM no\r\n", "-LOADING x\r\n", "-READONLY x\r\n", entry_ids(2)};
  for (const auto& answer : answers) {
    FakeRedis server([&](FakePeer& peer) {
      peer.read(1);
      peer.send(answer);
    });
    CAPTURE(answer);
    const auto fault = Client(server.port()).probe().fault;
    CHECK((fault == Fault::redis_away || fault == Fault::redis_refuses));
  }
}
