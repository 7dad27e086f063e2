// SPDX-License-Identifier: Apache-2.0
// The publisher with a Redis that misbehaves in many ways: each row gets the right outcome, no reply is taken for
// another command's, and the next batch succeeds.
#include "redis/publisher.hpp"
#include "support/fake_redis.hpp"
#include "support/gate.hpp"
#include "support/socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <regex>
#include <utility>

using outboxd::Fault;
using outboxd::Reply;
using outboxd::dispatch::Delivery;
using outboxd::entry::Entry;
using outboxd::redis::Publisher;
using outboxd::redis::PublisherOptions;
using outboxd::test::answering;
using outboxd::test::FakePeer;
using outboxd::test::FakeRedis;
using outboxd::test::Gate;

namespace {

constexpr std::chrono::milliseconds kPatient{10'000};
constexpr std::chrono::milliseconds kShort{150};

/// One letter for each row: Published, Unanswered, Away (not sent) or its Login refused; Refused for all rows, for
/// its Stream, or for an unknown reason (E), guessed by the text.
char letter_of(Fault fault) {
  switch (fault) {
    case Fault::none:
      return 'P';
    case Fault::unanswered:
      return 'U';
    case Fault::redis_unreachable:
      return 'A';
    case Fault::redis_login_refused:
      return 'L';
    case Fault::redis_unavailable:
      return 'R';
    case Fault::refused:
      return 'E';
    case Fault::stream_refused:
      return 'S';
    default:
      return '?';
  }
}

std::string fates(const std::vector<Reply>& replies) {
  std::string letters;
  for (const auto& reply : replies) letters.push_back(letter_of(reply.fault));
  return letters;
}

/// The reply to a successful XADD.
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

  std::vector<Reply> publish(const std::vector<Entry>& batch) { return wait_for(publish_all(batch)); }
  std::string publish(std::size_t rows) { return fates(publish(entries(rows))); }
  Reply probe(const std::string& stream = "a.stream") { return wait_for(publisher_.probe(stream)); }

 private:
  boost::asio::awaitable<std::vector<Reply>> publish_all(std::vector<Entry> batch) {
    std::vector<Delivery> rows;
    for (auto& entry : batch) rows.push_back({.row = {}, .entry = std::move(entry)});
    std::vector<Delivery*> all;
    for (auto& row : rows) all.push_back(&row);
    co_await publisher_.publish(all, outboxd::dispatch::TimePoint::max());
    std::vector<Reply> replies;
    for (auto& row : rows) replies.push_back(std::move(*row.reply));
    co_return replies;
  }

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

/// The script of a healthy server for one batch.
void serve_batch(FakePeer& peer, std::size_t rows) {
  peer.read(rows);
  peer.send(entry_ids(static_cast<int>(rows)));
  peer.wait_for_end();
}

enum class End { close, reset };

/// A row in each of these streams.
std::vector<Entry> one_in_each(const std::string& streams) {
  std::vector<Entry> batch;
  for (const char stream : streams) batch.push_back({std::string(1, stream), {{"outbox_id", "row"}}});
  return batch;
}

/// The error of proxies whose PING accepts no argument.
const std::string kNoArgument = "-ERR wrong number of arguments for 'ping' command\r\n";

}  // namespace

TEST_CASE("connection refused: no row was sent") {
  Client client(outboxd::test::free_port());
  CHECK(client.publish(3) == "AAA");
  CHECK(client.probe().fault == Fault::redis_unreachable);
}

TEST_CASE("an answer cut at every byte: its replies are trusted only if it is complete") {
  const std::string whole = entry_id(0) + "-WRONGTYPE Operation against a key\r\n" + entry_id(1) +
                            "-OOM command not allowed\r\n" + entry_id(2);
  for (const auto end : {End::close, End::reset}) {
    std::atomic<std::size_t> cut = 0;
    std::atomic<std::size_t> length = SIZE_MAX;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(5);
      const auto text = whole + peer.read_ping();
      length = text.size();
      peer.send(text.substr(0, cut));
      if (end == End::reset) peer.reset();
    });
    Client client(server.port());
    for (cut = 0; cut < length; ++cut) {
      CAPTURE(cut.load());
      CHECK(client.publish(5) == "UUUUU");
    }
    // The connection's end may be seen together with the end of the answer; the replies count nevertheless.
    if (end == End::close) CHECK(client.publish(5) == "PSPRP");
  }
}

TEST_CASE("an answer may come byte by byte") {
  FakeRedis server([](FakePeer& peer) {
    peer.read(3);
    for (const char byte : entry_ids(3) + peer.read_ping()) peer.send({&byte, 1});
    peer.wait_for_end();
  });
  CHECK(Client(server.port()).publish(3) == "PPP");
}

TEST_CASE("a request cut at every byte: rows without an answer are not published") {
  std::atomic<std::size_t> cut = 0;
  FakeRedis server([&](FakePeer& peer) {
    if (peer.number() == 0) {
      peer.read(1);
      peer.send(entry_id(0) + peer.read_ping());
      return;
    }
    peer.send(peer.read_ping());
    peer.read_bytes(cut);
    peer.reset();
  });
  Client client(server.port());
  REQUIRE(client.publish(1) == "P");
  for (cut = 0; cut < 300; cut += 7) {
    // Such a small batch fits into the kernel's buffers, so it is a race whether it was sent before the reset.
    const auto letters = client.publish(3);
    CAPTURE(letters);
    CHECK(letters.size() == 3);
    CHECK(std::regex_match(letters, std::regex("U*A*")));
  }
}

TEST_CASE(
    "lost in the middle of a large write: what may have arrived is unanswered, wholly unsent rows never were there") {
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
    CHECK(std::regex_match(letters, std::regex("UUU*A+")));
    // Commands that the server has read completely were sent.
    const auto arrived = read / (kBytes + 200);
    CHECK(letters.substr(0, arrived).find('A') == std::string::npos);
  }
}

TEST_CASE("replies that are no Redis protocol, too large, or of a wrong type: all rows are unanswered") {
  std::string nested;
  for (int i = 0; i < 1'000; ++i) nested += "*1\r\n";
  const std::vector<std::string> bad{
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "hello\r\n", std::string(8, '\0'), "\r\n", "@5\r\n",
      "$abc\r\n", "$-7\r\n", ":12a\r\n", "*-2\r\n", "$15 \r\n1700000000000-0\r\n",
      // Absurd lengths.
      "$999999999999\r\n", "$536870913\r\n", "$9223372036854775807\r\n", "$99999999999999999999\r\n",
      "$-9223372036854775808\r\n", "*1000000000\r\n", "*2147483647\r\n", "*9223372036854775807\r\n", nested,
      // Well-formed replies that are no answers to XADD.
      "$-1\r\n", "*-1\r\n", ":5\r\n", "+OK\r\n", "+QUEUED\r\n", "*0\r\n", "$0\r\n\r\n", "$2\r\nhi\r\n", "$1\r\n-\r\n",
      "$3\r\n1-x\r\n", "$3\r\n0-0\r\n", "$22\r\n18446744073709551616-0\r\n", "$7\r\n1-1\r\n-1\r\n",
      "*1\r\n$3\r\n1-1\r\n",
      // Version 3 of the protocol.
      "_\r\n", "#t\r\n", ",1.5\r\n", "%1\r\n+a\r\n+b\r\n", "~1\r\n+a\r\n", ">2\r\n+message\r\n+x\r\n", "(123\r\n"};
  for (const auto& text : bad) {
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) return serve_batch(peer, 2);
      peer.read(3);
      // Valid replies follow, but they can't be assigned to commands any more.
      peer.send(entry_id(7) + text + entry_ids(2));
      peer.wait_for_end();
    });
    Client client(server.port(), std::chrono::milliseconds{500});
    CAPTURE(text.substr(0, 60));
    CHECK(client.publish(3) == "UUU");
    CHECK(client.publish(2) == "PP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("an endless reply is not read for ever") {
  for (const std::string start : {"+", "-ERR ", "$536870912\r\n", "*2\r\n$400000000\r\n"}) {
    std::atomic<std::size_t> sent = 0;
    FakeRedis server([&](FakePeer& peer) {
      peer.read(2);
      peer.send(entry_id(0) + start);
      for (const std::string chunk(65'536, 'a'); sent < (256U << 20U); sent += chunk.size()) peer.send(chunk);
    });
    Client client(server.port(), std::chrono::minutes{2});
    CAPTURE(start);
    CHECK(client.publish(2) == "UU");
    CHECK(sent < (32U << 20U));
  }
}

TEST_CASE("an error is the answer for one row, with a first guess at the cause, and its neighbours are published") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"MOVED 3999 127.0.0.1:6381", "PSP"},
      {"ASK 3999 127.0.0.1:6381", "PSP"},
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
      {"NOPERM No permissions to access a key", "PSP"},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", "PSP"},
      {"ERR The ID specified in XADD is equal or smaller", "PEP"},
      {"SOMETHING that is in no list", "PEP"},
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
    // An error is an answer, so the connection stays usable.
    CHECK(client.publish(2) == "PP");
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("fewer replies than commands, none, or late ones: all rows are unanswered") {
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
      // Too late for this batch, and must not be taken for an answer to the next.
      peer.send(entry_ids(3 - answered));
      peer.wait_for_end();
    });
    Client client(server.port(), kShort);
    CAPTURE(answered);
    const auto letters = client.publish(3);
    timed_out.open();
    CHECK(letters == "UUU");
    CHECK(client.publish(2) == "SP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE(
    "a reply dropped, repeated, swapped or added: all rows are unanswered, and the next batch has its own replies") {
  const std::vector<std::string> answers{entry_ids(2),
                                         entry_ids(4),
                                         entry_id(0) + entry_id(0) + entry_id(1),
                                         entry_id(0) + entry_id(0) + entry_id(1) + entry_id(1),
                                         entry_id(1) + entry_id(0) + entry_id(2),
                                         entry_ids(3) + "-OOM no\r\n",
                                         entry_ids(3) + "+",
                                         entry_ids(3) + "garbage",
                                         entry_ids(3) + "$15\r\n17000",
                                         "-WRONGTYPE x\r\n" + entry_ids(3)};
  for (const auto& answer : answers) {
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) {
        peer.read(2);
        peer.send("-WRONGTYPE its own answer\r\n" + entry_id(9));
        peer.wait_for_end();
      }
      peer.read(3);
      peer.send(answer);
      peer.wait_for_end();
    });
    Client client(server.port(), std::chrono::milliseconds{2'000});
    CAPTURE(answer);
    CHECK(client.publish(3) == "UUU");
    CHECK(client.publish(2) == "SP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("surplus replies to one batch are not taken for replies to the next batch") {
  const std::vector<std::string> extras{entry_id(5), entry_ids(3), "$15\r\n17000", "+", "-OOM no\r\n", "garbage"};
  for (const auto& extra : extras) {
    Gate published;
    Gate extra_sent;
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) {
        peer.read(2);
        peer.send("-WRONGTYPE its own answer\r\n" + entry_id(9));
        peer.wait_for_end();
      }
      peer.read(3);
      peer.send(entry_ids(3) + peer.read_ping());
      published.pass();
      peer.send(extra);
      extra_sent.open();
      peer.wait_for_end();
    });
    Client client(server.port(), std::chrono::milliseconds{2'000});
    CAPTURE(extra);
    CHECK(client.publish(3) == "PPP");
    published.open();
    extra_sent.pass();
    CHECK(client.publish(2) == "SP");
    CHECK(server.connections() == 2);
  }
}

TEST_CASE(
    "a server that answers each XADD twice never has a row published that it did not take, whatever it says to "
    "PING") {
  const std::vector<std::string> answers_to_ping{
      "echo", "+PONG\r\n", "-NOPERM User x has no permissions to run the 'ping' command\r\n", kNoArgument};
  for (const auto& ping : answers_to_ping) {
    for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
      std::atomic<std::size_t> taken = 0;
      // The second answer comes with the first, or after the next batch was sent.
      for (const bool lags : {false, true}) {
        std::string kept;
        FakeRedis server(answering([&](const std::vector<std::string>& command) {
          const auto answer = outboxd::test::healthy_answer(command);
          if (command.front() == "PING" && ping != "echo" && (ping != kNoArgument || command.size() > 1)) return ping;
          if (command.front() != "XADD") return answer;
          ++taken;
          if (!lags) return answer + answer;
          return std::exchange(kept, answer) + answer;
        }));
        Client client(server.port(), std::chrono::milliseconds{2'000});
        std::size_t published = 0;
        for (int batch = 0; batch < 5; ++batch) {
          const auto before = taken.load();
          const auto letters = client.publish(rows);
          CAPTURE(letters);
          published += static_cast<std::size_t>(std::ranges::count(letters, 'P'));
          CHECK(static_cast<std::size_t>(std::ranges::count(letters, 'P')) <= taken - before);
        }
        if (!lags) CHECK(published == 0);
      }
    }
  }
}

TEST_CASE("a server whose PING accepts no argument is used normally") {
  FakeRedis server(answering([](const std::vector<std::string>& command) {
    return command.front() == "PING" && command.size() > 1 ? kNoArgument : outboxd::test::healthy_answer(command);
  }));
  Client client(server.port());
  CHECK(client.probe("").fault == Fault::none);
  CHECK(client.publish(3) == "PPP");
  CHECK(client.publish(3) == "PPP");
  CHECK(server.connections() == 1);
}

TEST_CASE("a server that refuses PING in both forms is not used") {
  FakeRedis server([](FakePeer& peer) {
    for (;;) {
      peer.read_any();
      peer.send("-LOADING Redis is loading the dataset in memory\r\n");
    }
  });
  Client client(server.port());
  const auto replies = client.publish(entries(1));
  CHECK(fates(replies) == "A");
  CHECK(replies[0].text.find("refuses PING: LOADING") != std::string::npos);
}

TEST_CASE("repeated replies that are followed by errors are detected, at any time") {
  const std::string denied = "-NOPERM User x has no permissions to run the 'ping' command\r\n";
  const std::string wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
  const std::string full = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  struct Case {
    const char* streams;
    /// The answer to the handshake's PING; empty: its argument.
    std::string pong;
    /// The replies that come at once, after the client's next command, and after it has ended sending.
    std::string first, then, at_last;
  };
  const std::vector<Case> cases{{"ab", denied, entry_ids(2) + wrong, denied, denied},
                                {"ab", denied, entry_ids(2) + wrong, wrong, denied + denied},
                                {"abc", "", entry_ids(2) + wrong + wrong, entry_ids(2), ""},
                                {"abc", "", entry_ids(2) + wrong + wrong, full + full, ""},
                                {"abc", "", entry_ids(2) + wrong + wrong, wrong, wrong},
                                {"abc", "", entry_ids(2) + wrong + wrong, wrong, "$1"},
                                {"abcd", "+PONG\r\n", entry_ids(4) + wrong, wrong, "+PONG\r\n"}};
  for (const auto& test : cases) {
    FakeRedis server([&](FakePeer& peer) {
      if (!test.pong.empty()) {
        peer.read_any();
        peer.send(test.pong);
      }
      peer.read(std::string{test.streams}.size());
      peer.read_any();
      peer.send(test.first);
      peer.read_any();
      peer.send(test.then);
      peer.hang();
      peer.send(test.at_last);
    });
    Client client(server.port(), std::chrono::milliseconds{2'000});
    CAPTURE(test.first);
    CAPTURE(test.then);
    const auto letters = fates(client.publish(one_in_each(test.streams)));
    CHECK(letters == std::string(letters.size(), 'U'));
  }
}

TEST_CASE("a refused PING after the entries doesn't invalidate their replies") {
  struct Case {
    /// The answers to the two XADDs, to the PING after them, and to all later commands; empty: as a healthy server.
    std::vector<std::string> answers;
    std::string fates;
  };
  const std::string limit = "ERR max requests per second limit exceeded";
  const std::vector<Case> cases{{{"", "", limit, limit}, "PP"},
                                {{"", limit, limit, limit}, "PE"},
                                {{"", "", limit, ""}, "PP"},
                                {{"", "", "NOPERM no more", "NOPERM no more"}, "PP"},
                                {{limit, limit, limit, limit}, "EE"},
                                {{"READONLY x", "READONLY x", "MASTERDOWN x", "MASTERDOWN x"}, "RR"},
                                {{"OOM x", "OOM x", "MISCONF x", "MISCONF x"}, "RR"},
                                {{"READONLY x", "READONLY x", "MASTERDOWN x", ""}, "RR"}};
  for (const auto& test : cases) {
    const auto& answers = test.answers;
    std::size_t entry = 0;
    FakeRedis server(answering([&](const std::vector<std::string>& command) {
      const bool counts = command.front() == "XADD" || entry > 0;
      const auto& error = answers[std::min(entry, answers.size() - 1)];
      if (counts) ++entry;
      return !counts || error.empty() ? outboxd::test::healthy_answer(command) : "-" + error + "\r\n";
    }));
    Client client(server.port());
    CAPTURE(answers[1]);
    CAPTURE(answers[2]);
    CHECK(fates(client.publish(one_in_each("ab"))) == test.fates);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("a server that accepts and never answers: no row was sent before the handshake") {
  FakeRedis server([](FakePeer& peer) { peer.hang(); });
  for (const std::string password : {"", "secret"}) {
    Client client(server.port(), kShort, password);
    const auto replies = client.publish(entries(3));
    CHECK(fates(replies) == "AAA");
    CAPTURE(replies[0].text);
    // The error says that the server hangs, and doesn't mention descriptors.
    CHECK(replies[0].text.find("no answer in time") != std::string::npos);
    CHECK(replies[0].text.find("secret") == std::string::npos);
    CHECK(client.probe().fault == Fault::redis_unreachable);
  }
}

TEST_CASE("a refused or garbled handshake: no row was sent") {
  for (const std::string answer : {"-WRONGPASS invalid username-password pair\r\n", "-LOADING Redis is loading\r\n",
                                   "garbage\r\n", "-ERR max number of clients reached\r\n", ""}) {
    FakeRedis server([&](FakePeer& peer) {
      peer.read(1);
      peer.send(answer);
    });
    CAPTURE(answer);
    const auto* const letters = answer.starts_with("-WRONGPASS") ? "LL" : "AA";
    CHECK(Client(server.port(), kPatient, "secret").publish(2) == letters);
  }
}

TEST_CASE("an idle connection that the server has closed: the next batch reconnects, and no row is unanswered") {
  for (const auto end : {End::close, End::reset}) {
    Gate idle;
    Gate ended;
    FakeRedis server([&](FakePeer& peer) {
      if (peer.number() > 0) return serve_batch(peer, 3);
      peer.read(3);
      peer.send(entry_ids(3) + peer.read_ping());
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

TEST_CASE("a server restarted on its port between two batches: the publisher reconnects") {
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
  CHECK(client.probe().fault == Fault::redis_unavailable);
  CHECK(client.publish(2) == "PP");
  CHECK(server.connections() == 2);
}

TEST_CASE("a probe of a Redis that misbehaves is an outage, and never throws") {
  const std::vector<std::string> answers{"",
                                         "garbage\r\n",
                                         "$99999999999999\r\n",
                                         "-OOM no\r\n",
                                         "-LOADING x\r\n",
                                         "-READONLY x\r\n",
                                         entry_ids(2),
                                         "-upstream failure\r\n",
                                         "-ERR what\r\n"};
  for (const auto& answer : answers) {
    FakeRedis server([&](FakePeer& peer) {
      peer.read(1);
      peer.send(answer);
      peer.wait_for_end();
    });
    CAPTURE(answer);
    const auto fault = Client(server.port(), std::chrono::milliseconds{500}).probe().fault;
    CHECK((fault == Fault::redis_unreachable || fault == Fault::redis_unavailable || fault == Fault::refused));
  }
}
