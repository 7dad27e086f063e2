// SPDX-License-Identifier: Apache-2.0
// Rows with ambiguous entries, whose signature also fits another entry, in both tables.
#include "support/caracal_table.hpp"
#include "support/http.hpp"
#include "support/signature.hpp"
#include "support/wait.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace outboxd::test;  // NOLINT(google-build-using-namespace): nearly all of the harness is used here

namespace {

constexpr const char* kForged = R"({"reason": "x\nsession_id=victim"})";

std::int64_t metric(std::uint16_t port, const std::string& name) {
  const auto metrics = http_get(port, "/metrics").body;
  const auto at = metrics.find("\n" + name + "{");
  return at == std::string::npos ? -1 : std::stoll(metrics.substr(metrics.find("} ", at) + 2));
}

}  // namespace

TEST_CASE("ambiguous entries are published and counted, with a warning for each stream") {
  const auto database = contract_database();
  const auto stream = new_stream("ambiguous");
  const auto other = new_stream("ambiguous-other");
  insert_row(database, "a", stream, kForged);
  insert_row(database, "b", stream, R"({"a=b": "c"})");
  insert_row(database, "c", other, R"({"a\nb": "c"})");
  insert_row(database, "d", stream, R"({"a": "b=c", "note": "line1\nline2"})");
  insert_row(database, "e\nsession_id=victim", stream, "{}");
  const auto outboxd = start_outboxd({"run", "--http-listen", "127.0.0.1:0", "--poll-interval", "20ms"},
                                     outboxd_environment(database));
  const auto port = http_port(*outboxd);
  wait_until([&] { return count_rows(database, "dispatched_at IS NOT NULL") == 5; });
  wait_until([&] { return metric(port, "outboxd_ambiguous_entries_total") == 4; });
  CHECK(metric(port, "outboxd_dead_total") == 0);
  const auto entries = shared_redis().probe().xrange(stream);
  REQUIRE(entries.size() == 4);
  for (const auto& entry : entries) CHECK(entry.at("_sig") == expected_signature(stream, entry.fields));
  outboxd->signal(SIGTERM);
  outboxd->wait();
  const auto log = outboxd->err();
  CHECK(occurrences(log, "is ambiguous (") == 2);
  CHECK(occurrences(log, "of stream " + stream + " is ambiguous (") == 1);
  CHECK(occurrences(log, "of stream " + other + " is ambiguous (") == 1);
  // The contents of rows are not in the log.
  CHECK(!contains(log, "victim"));
}

TEST_CASE("signing.ambiguous = dead: such rows are dead with the reason, their neighbours are published") {
  const auto database = contract_database();
  const auto stream = new_stream("ambiguous-dead");
  insert_row(database, "a", stream, kForged);
  insert_row(database, "b", stream, R"({"a=b": "c"})");
  insert_row(database, "c", stream, R"({"a": "b=c"})");
  const auto ended = run_outboxd({"--once", "--signing-ambiguous", "dead"}, outboxd_environment(database));
  CHECK(ended.status == 1);
  CHECK(count_rows(database, "id IN ('a', 'b') AND available_at = 'infinity' AND dispatched_at IS NULL") == 2);
  CHECK(database.scalar("SELECT last_error FROM event_outbox WHERE id = 'a'") ==
        "signature would be good for another entry, too: the value of a field has a line of the form name= "
        "(signing.ambiguous)");
  CHECK(contains(database.scalar("SELECT last_error FROM event_outbox WHERE id = 'b'"), "the name of a field"));
  CHECK(shared_redis().probe().xrange(stream).size() == 1);

  const auto unsigned_run =
      with(outboxd_environment(database), {{"STREAMS_HMAC_KEY", ""}, {"OUTBOXD_SIGNING_AMBIGUOUS", "dead"}});
  database.exec("UPDATE event_outbox SET attempts = 0, available_at = now() WHERE dispatched_at IS NULL");
  CHECK(run_outboxd({"--once"}, unsigned_run).status == 0);
  CHECK(shared_redis().probe().xrange(stream).size() == 3);
}

TEST_CASE("a row whose stream name has a control character is dead at once, in both tables") {
  const auto events = contract_database();
  const auto good = new_stream("good");
  for (const std::string bad : {"s\na=1", "s\t", "\x7F", "s\xC2\x85"}) insert_row(events, "bad " + bad, bad, "{}");
  insert_row(events, "good", good, "{}");
  CHECK(run_outboxd({"--once"}, outboxd_environment(events)).status == 1);
  CHECK(count_rows(events,
                   "available_at = 'infinity' AND attempts = 1 AND "
                   "last_error = 'stream name has a control character in it'") == 4);
  CHECK(count_rows(events, "id = 'good' AND dispatched_at IS NOT NULL") == 1);

  const auto caracal = caracal_database();
  insert_caracal_row(caracal, "bad", "s\na=1", "{}");
  insert_caracal_row(caracal, "good", good, "{}");
  insert_caracal_row(caracal, "ambiguous", good, kForged);
  const auto ended =
      run_outboxd(for_caracal_table({"--once", "--signing-ambiguous", "dead"}), outboxd_environment(caracal));
  CHECK(ended.status == 1);
  CHECK(contains(ended.err, "stream name has a control character in it"));
  CHECK(count_caracal_rows(caracal, "id IN ('bad', 'ambiguous') AND status = 'dead'") == 2);
  CHECK(count_caracal_rows(caracal, "id = 'good' AND status = 'published'") == 1);
  CHECK(shared_redis().probe().xrange(good).size() == 2);
}
