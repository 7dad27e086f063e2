// SPDX-License-Identifier: Apache-2.0
// Redis, or a proxy before it, refuses entries in words that are in no list: no row dies of what is not its own
// fault.
#include "support/dispatch_bench.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace outboxd::dispatch {
namespace {

const std::vector<std::string> kWords{"upstream failure",
                                      "no upstream host",
                                      "ERR Connection refused",
                                      "ERR max daily request limit exceeded",
                                      "QUOTA",
                                      "",
                                      "WRONGTYPE Operation against a key holding the wrong kind of value",
                                      "NOPERM No permissions to access a key",
                                      "MOVED 3999 127.0.0.1:6381",
                                      "LOADING Redis is loading the dataset in memory",
                                      "ERR The stream has exhausted the last possible ID, unable to add more items"};

Reply error(const std::string& words) {
  return {guess_by_words(words), "Redis refuses: " + words};
}

const Reply kTaken{Fault::none, "1-1"};

DispatcherOptions coordinator(std::uint32_t batch = 50) {
  auto options = Bench::daemon();
  options.retry = {Profile::coordinator, 10};
  options.poll_interval = 1s;
  options.batch_rows = batch;
  return options;
}

std::vector<std::string> rows_named(const std::string& prefix, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back(prefix + std::to_string(100 + i));
  return ids;
}

void check_untouched(Bench& bench, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    CAPTURE(id);
    CHECK_FALSE(bench.row(id).dead);
    CHECK_FALSE(bench.row(id).published);
    // One of them may be in flight as a trial.
    CHECK(bench.row(id).attempts <= 1);
  }
}

void check_published_at_the_first_attempt(Bench& bench, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    CAPTURE(id);
    CHECK(bench.row(id).published);
    CHECK(bench.row(id).attempts == 1);
  }
}

}  // namespace

TEST_CASE("a proxy answers every command with an error for an hour: no row dies, and all are published after it") {
  for (const auto& words : kWords) {
    for (const std::uint32_t batch : {1U, 50U}) {
      CAPTURE(words);
      CAPTURE(batch);
      Bench bench{coordinator(batch)};
      const auto first = rows_named("a", 20);
      const auto second = rows_named("b", 20);
      for (const auto& id : first) bench.insert_into("a", id);
      for (const auto& id : second) bench.insert_into("b", id);
      bench.publisher.answer_row = [&](const Row&) { return error(words); };
      bench.publisher.answer_probe = [&](const std::string& stream) {
        // At the start all is well.
        return stream.empty() ? Reply{} : error(words);
      };
      // The waits have long grown to their longest after some minutes.
      bench.run_for(words == kWords.front() ? 1h : 10min);
      check_untouched(bench, first);
      check_untouched(bench, second);
      const bool is_streams = guess_by_words(words) == Fault::stream_refused;
      CHECK(bench.observer.seen.back() == (is_streams ? Health::working : Health::redis_unavailable));
      CHECK(bench.dispatcher.tally().dead + bench.dispatcher.tally().retried == 0);
      bench.publisher.answer_row = nullptr;
      bench.publisher.answer_probe = nullptr;
      bench.run_for(1min);
      CHECK(bench.observer.seen.back() == Health::working);
      check_published_at_the_first_attempt(bench, first);
      check_published_at_the_first_attempt(bench, second);
      CHECK(bench.observer.blocked.size() == bench.observer.freed.size());
      bench.end();
      check_adds_up(bench.dispatcher.tally());
    }
  }
}

TEST_CASE("a start that is answered with words that are in no list is no start") {
  Bench bench{coordinator()};
  bench.insert("1");
  bench.publisher.probe_reply = error("no upstream host");
  bench.run_for(1h);
  CHECK(bench.store.claims == 0);
  CHECK(bench.observer.seen == std::vector{Health::redis_unavailable});
  bench.end();
}

TEST_CASE("one stream is refused, with any words, and whether its probe shows it or not: the others go on") {
  for (const auto& words : kWords) {
    for (const bool probe_shows_it : {false, true}) {
      for (const std::uint32_t batch : {1U, 50U}) {
        CAPTURE(words);
        CAPTURE(probe_shows_it);
        CAPTURE(batch);
        Bench bench{coordinator(batch)};
        const auto refused = rows_named("a", 60);
        for (const auto& id : refused) bench.insert_into("a", id);
        const auto is_refused = [](const std::string& stream) { return stream == "a"; };
        bench.publisher.answer_row = [&](const Row& row) { return is_refused(row.stream) ? error(words) : kTaken; };
        bench.publisher.answer_probe = [&](const std::string& stream) {
          return probe_shows_it && is_refused(stream) ? error(words) : Reply{};
        };
        bench.run_for(1min);
        int number = 0;
        for (int round = 0; round < 100; ++round) {
          const auto id = "b" + std::to_string(1000 + number++);
          bench.insert_into("b", id);
          // Longer at first only, while it looks as if all were refused.
          bench.run_for(round == 0 ? 40s : 3s);
          CAPTURE(id);
          CHECK(bench.row(id).published);
          CHECK(bench.row(id).attempts == 1);
        }
        check_untouched(bench, refused);
        CHECK(bench.dispatcher.tally().dead + bench.dispatcher.tally().retried == 0);
        CHECK(bench.observer.seen.back() == Health::working);
        CHECK(bench.observer.blocked == std::vector<std::string>{"a"});
        bench.publisher.answer_row = nullptr;
        bench.publisher.answer_probe = nullptr;
        bench.run_for(10s);
        check_published_at_the_first_attempt(bench, refused);
        CHECK(bench.observer.freed == std::vector<std::string>{"a"});
        bench.end();
        check_adds_up(bench.dispatcher.tally());
      }
    }
  }
}

TEST_CASE("an outage of all streams that stays with the last one holds up no other, though its probe says outage") {
  Bench bench{coordinator()};
  bench.insert_into("c", "first");
  bench.run_for(5s);
  CHECK(bench.row("first").published);
  const Reply outage{Fault::redis_unavailable, "LOADING Redis is loading the dataset in memory"};
  bool all = true;
  bench.publisher.answer_row = [&](const Row& row) { return all || row.stream == "z" ? outage : kTaken; };
  bench.publisher.answer_probe = [&](const std::string& stream) { return all || stream == "z" ? outage : Reply{}; };
  for (const auto* stream : {"b", "c", "z"}) {
    for (const auto& id : rows_named(stream, 20)) bench.insert_into(stream, id);
  }
  bench.run_for(5min);
  CHECK(bench.publisher.published.size() == 1);
  all = false;
  bench.run_for(2min);
  CHECK(bench.publisher.published.size() == 41);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.publisher.answer_row = nullptr;
  bench.publisher.answer_probe = nullptr;
  bench.run_for(2min);
  CHECK(bench.publisher.published.size() == 61);
  bench.end();
}

TEST_CASE("a server that answers probes with unknown words is found to be well again by an entry") {
  Bench bench{coordinator()};
  const auto ids = rows_named("a", 20);
  for (const auto& id : ids) bench.insert_into("a", id);
  bool down = true;
  bench.publisher.answer_row = [&](const Row&) { return down ? error("no upstream host") : kTaken; };
  bench.publisher.answer_probe = [](const std::string& stream) {
    return stream.empty() ? Reply{} : error("ERR no such id");
  };
  bench.run_for(1h);
  CHECK(bench.observer.seen.back() == Health::redis_unavailable);
  check_untouched(bench, ids);
  // Few are tried, and rarely.
  CHECK(bench.dispatcher.tally().claimed < 20 + 8 * 130);
  down = false;
  bench.run_for(1min);
  check_published_at_the_first_attempt(bench, ids);
  CHECK(bench.observer.seen.back() == Health::working);
  bench.end();
}

TEST_CASE("bad rows at the head hold up no good ones behind them, whatever a probe shows") {
  for (const bool probe_is_understood : {false, true}) {
    for (const bool once : {false, true}) {
      CAPTURE(probe_is_understood);
      CAPTURE(once);
      auto options = coordinator();
      options.once = once;
      Bench bench{options};
      // With once each stream has a few turns only.
      const auto bad = rows_named("a", once ? 20 : 200);
      const auto good = rows_named("b", 5);
      for (const auto& id : bad) bench.insert_into("s", id);
      for (const auto& id : good) bench.insert_into("s", id);
      bench.publisher.answer = [](const std::string& id) {
        return id.starts_with("a") ? error("no upstream host") : kTaken;
      };
      bench.publisher.answer_probe = [&](const std::string& stream) {
        return stream.empty() || probe_is_understood ? Reply{} : error("ERR no such id");
      };
      bench.run_for(5min);
      check_published_at_the_first_attempt(bench, good);
      for (const auto& id : bad) CHECK_FALSE(bench.row(id).published);
      if (!once) bench.end();
      check_adds_up(bench.dispatcher.tally());
    }
  }
}

TEST_CASE(
    "where a probe is answered with unknown words, a blocked stream is on trial, and free when it takes an entry") {
  Bench bench{coordinator()};
  const auto ids = rows_named("a", 20);
  for (const auto& id : ids) bench.insert_into("a", id);
  bool wrong = true;
  bench.publisher.answer_row = [&](const Row& row) {
    return wrong && row.stream == "a" ? error("WRONGTYPE Operation") : kTaken;
  };
  bench.publisher.answer_probe = [](const std::string& stream) {
    return stream.empty() ? Reply{} : error("ERR no such id");
  };
  bench.run_for(10min);
  CHECK(bench.observer.blocked == std::vector<std::string>{"a"});
  CHECK(bench.observer.seen == std::vector{Health::working});
  wrong = false;
  bench.run_for(20s);
  check_published_at_the_first_attempt(bench, ids);
  CHECK(bench.observer.freed == std::vector<std::string>{"a"});
  bench.end();
}

TEST_CASE("the dispatcher stays ready while Redis may refuse only one entry, or one stream") {
  for (const bool by_proxy : {false, true}) {
    CAPTURE(by_proxy);
    Bench bench{coordinator()};
    bench.insert_into("b", "1");
    bench.run_for(10s);
    bench.insert_into("a", "2");
    bench.publisher.answer_row = [&](const Row&) { return error("ERR value is too large"); };
    bench.publisher.answer_probe = [&](const std::string& stream) {
      return by_proxy && stream == "a" ? error("ERR no route") : Reply{};
    };
    bench.run_for(1h);
    CHECK(bench.observer.seen == std::vector{Health::working});
    // Reported again, as its probe is refused in other words than the entry.
    CHECK(bench.observer.blocked == std::vector<std::string>(by_proxy ? 2 : 1, "a"));
    bench.end();
  }
}

TEST_CASE("an entry that is refused alone dies, even at the head of a busy stream, and no other row does") {
  for (const auto& words : {std::string{"ERR value is too large"}, std::string{"DENIED by policy"}}) {
    for (const std::uint32_t batch : {1U, 50U}) {
      CAPTURE(words);
      CAPTURE(batch);
      Bench bench{coordinator(batch)};
      bench.insert_into("a", "0");
      bench.publisher.answer_row = [&](const Row& row) { return row.id == "0" ? error(words) : kTaken; };
      std::vector<std::string> others;
      for (int round = 0; round < 300; ++round) {
        others.push_back("b" + std::to_string(1000 + round));
        bench.insert_into("a", others.back());
        bench.run_for(2s);
      }
      bench.run_for(20s);
      CHECK(bench.row("0").dead);
      CHECK(bench.row("0").attempts == 10);
      CHECK(bench.row("0").last_error == "gave up after 10 attempts: Redis refuses: " + words);
      check_published_at_the_first_attempt(bench, others);
      bench.end();
    }
  }
}

TEST_CASE("refusals that come and go cost a row an attempt at first, and then no more") {
  Bench bench{coordinator()};
  int number = 0;
  bench.publisher.answer_row = [&](const Row&) {
    return ++number % 3 == 0 ? error("ERR too many requests") : kTaken;
  };
  std::vector<std::string> ids;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 10; ++i) {
      ids.push_back(std::to_string(10'000 + round * 10 + i));
      bench.insert_into("a", ids.back());
    }
    bench.run_for(5s);
  }
  bench.run_for(5min);
  CHECK(bench.dispatcher.tally().dead == 0);
  CHECK(bench.dispatcher.tally().published == ids.size());
  CHECK(bench.dispatcher.tally().retried < 20);
  bench.end();
}

TEST_CASE("an outage that begins inside a write costs no attempt") {
  Bench bench{coordinator()};
  const auto ids = rows_named("a", 20);
  for (const auto& id : ids) bench.insert_into("a", id);
  int number = 0;
  bool down = true;
  bench.publisher.answer_row = [&](const Row&) { return ++number > 5 && down ? error("upstream failure") : kTaken; };
  bench.publisher.answer_probe = [&](const std::string&) {
    return number > 5 && down ? error("upstream failure") : Reply{};
  };
  bench.run_for(1h);
  CHECK(bench.observer.seen.back() == Health::redis_unavailable);
  down = false;
  bench.run_for(10s);
  check_published_at_the_first_attempt(bench, ids);
  bench.end();
}

TEST_CASE("more than a thousand streams are refused: the number left out is bounded, and others go on") {
  Bench bench{coordinator()};
  for (int i = 0; i < 1'200; ++i) bench.insert_into("x" + std::to_string(i), std::to_string(10'000 + i));
  bench.insert_into("good", "99999");
  bench.publisher.answer_row = [](const Row& row) { return row.stream == "good" ? kTaken : error("WRONGTYPE"); };
  bench.run_for(10min);
  CHECK(bench.row("99999").published);
  CHECK(bench.store.most_left_out <= BlockedStreams::kMost);
  CHECK(bench.observer.blocked.size() >= BlockedStreams::kMost);
  CHECK(bench.dispatcher.tally().dead + bench.dispatcher.tally().retried == 0);
  bench.publisher.answer_row = nullptr;
  bench.run_for(10min);
  CHECK(bench.dispatcher.tally().published == 1'201);
  bench.end();
}

TEST_CASE("once: a refused stream's rows remain, and the others have had their turn, at once") {
  for (const auto& words : kWords) {
    for (const std::uint32_t batch : {1U, 50U}) {
      CAPTURE(words);
      CAPTURE(batch);
      auto options = coordinator(batch);
      options.once = true;
      Bench bench{options};
      for (const auto& id : rows_named("a", 30)) bench.insert_into("a", id);
      const auto others = rows_named("b", 30);
      for (const auto& id : others) bench.insert_into("b", id);
      bench.publisher.answer_row = [&](const Row& row) { return row.stream == "a" ? error(words) : kTaken; };
      bench.publisher.answer_probe = [&](const std::string& stream) {
        return stream == "a" ? error(words) : Reply{};
      };
      const auto start = bench.clock.now();
      bench.run_for(1h);
      CHECK(bench.ended);
      CHECK(bench.clock.now() - start < 20s);
      check_published_at_the_first_attempt(bench, others);
      CHECK(bench.dispatcher.tally().dead + bench.dispatcher.tally().retried == 0);
      check_adds_up(bench.dispatcher.tally());
    }
  }
}

}  // namespace outboxd::dispatch
