// SPDX-License-Identifier: Apache-2.0
// What is said about unread, lost and endangered entries, against a model of a stream that knows the truth.
#include "redis/consumer_lag.hpp"
#include "support/model_stream.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

namespace outboxd::redis {
namespace {

using test::ModelStream;

/// How often a figure was known.
using Known = std::map<std::string, int>;

void check(const std::string& what, const Figure& figure, std::uint64_t truth, Known& known) {
  if (figure.number) {
    CHECK_MESSAGE(*figure.number == truth, what);
    ++known[what];
    return;
  }
  CHECK_MESSAGE(!figure.why_unknown.empty(), what);
  CHECK_MESSAGE(figure.at_most.value_or(truth) >= truth, what);
}

void check(const ModelStream& stream, bool exact, std::uint64_t maxlen, Known& known) {
  const auto info = stream.info();
  const auto lag = unread(info, stream.group(), exact);
  check("unread", lag, stream.unread(), known);
  check("lost", lost_unread(info, stream.group(), exact), stream.lost(), known);
  check("at risk", unread_at_risk(lag, info.length, maxlen), stream.at_risk(maxlen), known);
}

/// One stream's life by a seed; `deletes`: XDEL is used, too.
Known live(ModelStream::Counting counting, unsigned seed, bool deletes) {
  std::mt19937 random{seed};
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random);
  };
  ModelStream stream{counting};
  Known known;
  const auto maxlen = 1 + below(20);
  for (int step = 0; step < 60; ++step) {
    switch (below(deletes ? 8 : 6)) {
      case 0:
      case 1:
        for (auto count = 1 + below(8); count > 0; --count) stream.add();
        break;
      case 2:
        stream.trim(below(2) == 0 ? maxlen : below(12));
        break;
      case 3:
      case 4:
        stream.read(1 + below(6));
        break;
      case 5:
        if (below(6) == 0) stream.place_group(below(2) == 0 ? stream.last_id() : below(stream.last_id() + 2));
        break;
      default:
        if (!stream.present().empty())
          stream.remove(*std::next(stream.present().begin(), static_cast<long>(below(stream.present().size()))));
    }
    CAPTURE(seed);
    CAPTURE(step);
    check(stream, counting == ModelStream::Counting::redis_8_0, maxlen, known);
  }
  return known;
}

}  // namespace

TEST_CASE("each number is right, and each unknown has a reason, whatever happened to the stream") {
  for (const auto counting : {ModelStream::Counting::redis_7_0, ModelStream::Counting::redis_8_0}) {
    for (const bool deletes : {false, true}) {
      Known known;
      for (unsigned seed = 0; seed < 1'500; ++seed) {
        for (const auto& [what, count] : live(counting, seed, deletes)) known[what] += count;
      }
      // Of 90,000 looks at each; a function that knows nothing would be right as well.
      for (const auto* what : {"unread", "lost", "at risk"}) CHECK_MESSAGE(known[what] > 45'000, what, known[what]);
    }
  }
}

TEST_CASE("entries that were trimmed unread are counted, where Redis' own lag hides them") {
  ModelStream stream{ModelStream::Counting::redis_8_0};
  for (int i = 0; i < 100; ++i) stream.add();
  stream.read(10);
  stream.trim(60);
  const auto info = stream.info();
  CHECK(unread(info, stream.group(), true).number == 60);
  CHECK(lost_unread(info, stream.group(), true).number == 30);
  const auto unsure = lost_unread(info, stream.group(), false);
  CHECK(!unsure.number);
  CHECK(unsure.at_most == 30);
  CHECK(unsure.why_unknown.find("this version of Redis") != std::string::npos);
  CHECK(unread_at_risk(unread(info, stream.group(), true), info.length, 60).number == 1);
  stream.read(1);
  CHECK(lost_unread(info, stream.group(), false).number == 0);
}

TEST_CASE("a server before Redis 7 counts nothing, but ids still show a group that has read all or nothing") {
  StreamInfo stream{.length = 3, .first = EntryId{5, 0}, .last = EntryId{9, 0}, .last_generated = EntryId{9, 0}};
  const auto at = [](const char* id) { return Group{.name = "g", .last_delivered_id = id}; };
  CHECK(unread(stream, at("9-0"), false).number == 0);
  CHECK(unread(stream, at("0-0"), false).number == 3);
  CHECK(unread(stream, at("5-0"), false).number == 2);
  CHECK(!unread(stream, at("7-0"), false).number);
  CHECK(lost_unread(stream, at("7-0"), false).number == 0);
  CHECK(!lost_unread(stream, at("4-0"), false).number);
  CHECK(!unread(stream, at(""), false).number);
}

TEST_CASE("servers that count exactly") {
  const auto exact = [](const std::string& version, const std::string& server = "") {
    const auto name = server.empty() ? "" : "server_name:" + server + "\r\n";
    return counts_reads_exactly("# Server\r\nredis_version:" + version + "\r\n" + name + "redis_mode:standalone\r\n");
  };
  for (const auto* version : {"8.0.0", "8.10.1", "7.4.5", "7.4.11", "10.0.0"}) CHECK_MESSAGE(exact(version), version);
  for (const auto* version : {"7.0.15", "7.2.4", "7.4.4", "6.2.0", "", "x"}) CHECK_MESSAGE(!exact(version), version);
  CHECK(!exact("8.0.0", "valkey"));
  CHECK(!counts_reads_exactly(""));
}

}  // namespace outboxd::redis
