// SPDX-License-Identifier: Apache-2.0
// Postgres URLs as other drivers' users write them: what has a meaning here is translated, what concerns those
// drivers alone is left out with a warning, and the rest is refused by its name.
#include "config/loader.hpp"
#include "config/postgres_url.hpp"
#include "config/render.hpp"
#include "postgres/conninfo.hpp"
#include "postgres/judge_conninfo.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace config = outboxd::config;
using outboxd::postgres::judge_conninfo;

namespace {

struct Taken {
  const char* url;
  /// For libpq; null: the URL as it is.
  const char* text;
  /// The parameters that warnings name, each once; "" for none.
  const char* warns_of = "";
};

struct Refused {
  const char* url;
  const char* reason;
};

std::string warnings_of(const config::PostgresUrl& url) {
  std::string text;
  for (const auto& warning : url.warnings) text += warning + "\n";
  return text;
}

config::Loaded load(const config::Environment& environment) {
  config::Sources sources;
  sources.default_file = "/nonexistent/outboxd.toml";
  sources.environment = environment;
  sources.libpq = {.parameters = outboxd::postgres::conninfo_parameters(), .refusal = judge_conninfo};
  return config::load(sources, {.signing = false});
}

std::string problem_of(const std::string& url) {
  const auto loaded = load({{"DATABASE_URL", url}});
  CHECK(config::render_show(loaded).find("s3cret") == std::string::npos);
  return loaded.problems.size() == 1 ? loaded.problems.front().shown() : "";
}

}  // namespace

TEST_CASE("Postgres URLs of other drivers are taken") {
  for (const Taken& row : {
           // libpq's own, untouched
           Taken{"postgresql://u:p%40ss@h/db", nullptr},
           Taken{"postgres://u@h1,h2:5433/db?target_session_attrs=read-write&sslmode=verify-full", nullptr},
           Taken{"postgresql://u@[::1]:5432/db?options=-c%20geqo%3Doff", nullptr},
           Taken{"postgresql:///db?host=/run/postgresql", nullptr},
           Taken{"host=h user=u password='p@ss w?rd' dbname=db connect_timeout=5", nullptr},
           Taken{"postgresql://u:p@h/db?channel_binding=require&sslmode=require", nullptr},
           // node-postgres
           Taken{"postgres://u:p@h/db?ssl=true", "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?ssl=1", "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?ssl=0", "user=u password=p host=h dbname=db"},
           Taken{"postgres://u:p@h/db?sslmode=no-verify", "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?ssl=true&sslmode=verify-full",
                 "user=u password=p host=h dbname=db sslmode=verify-full"},
           Taken{"postgres://u:p@h/db?ssl_mode=verify-full&ssl=true",
                 "user=u password=p host=h dbname=db sslmode=verify-full"},
           Taken{"postgres://u:p@h/db?ssl=true&sslmode=no-verify",
                 "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?ssl=false&sslmode=require",
                 "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?sslmode=require&uselibpqcompat=true",
                 "user=u password=p host=h dbname=db sslmode=require"},
           Taken{"postgres://u:p@h/db?max=20&idleTimeoutMillis=3000", "user=u password=p host=h dbname=db",
                 "max idleTimeoutMillis"},
           Taken{"postgres://u:p@h/db?keepAlive=true&keepAliveInitialDelayMillis=10000",
                 "user=u password=p host=h dbname=db keepalives=1 keepalives_idle=10"},
           // Zero is node-postgres' own default, and no number that Linux takes.
           Taken{"postgres://u:p@h/db?keepAlive=true&keepAliveInitialDelayMillis=0",
                 "user=u password=p host=h dbname=db keepalives=1"},
           Taken{"postgres://u:p@h/db?encoding=utf8", "user=u password=p host=h dbname=db"},
           Taken{"postgres://u:p@h/db?encoding=latin1", "user=u password=p host=h dbname=db", "encoding"},
           Taken{"postgres://u:p@h/db?lock_timeout=100&query_timeout=5000", "user=u password=p host=h dbname=db",
                 "lock_timeout query_timeout"},
           Taken{"POSTGRES://u:p@h/db", "user=u password=p host=h dbname=db"},
           Taken{" \tpostgres://u:p@h/db ", "user=u password=p host=h dbname=db"},
           Taken{"postgres://u:p@h/db\n \r\n", "user=u password=p host=h dbname=db"},
           Taken{"host=h dbname=db\n", nullptr},
           Taken{"postgres://u:p@h/db?", nullptr},
           Taken{"postgres://u:p@h/db?application_name=api&",
                 "user=u password=p host=h dbname=db application_name=api"},
           // passwords with one reading
           Taken{"postgres://u:p@ss@h/db", "user=u password=p@ss host=h dbname=db"},
           Taken{"postgres://u:p@s:s@h1,h2/db", "user=u password=p@s:s host=h1,h2 dbname=db"},
           Taken{"postgres://u:p#ss@h/db", nullptr},
           Taken{"postgres://u:p@h/db%23x?password=a#b", nullptr},
           Taken{"postgres://u:50%@h/db", "user=u password=50% host=h dbname=db"},
           Taken{"postgres://u:50%off%40@h/db", "user=u password=50%off@ host=h dbname=db"},
           // Values that look impossible, but aren't.
           Taken{"postgres:///db?host=/run/postgresql&keepalives_idle=0&sslrootcert=system&sslmode=verify-full",
                 nullptr},
           Taken{"postgres://u@h/db?keepalives=0&keepalives_idle=0", nullptr},
           Taken{"postgres://u@h/db?keepalives_count=127&keepalives_interval=32767", nullptr},
           Taken{"postgres://u@h/db?sslmode=verify-full&sslrootcert=/nonexistent/root.crt", nullptr},
           Taken{"postgres://u@h/db?sslcert=/nonexistent/c.crt&sslkey=/nonexistent/c.key", nullptr},
           Taken{"postgres://u@h/db?gssencmode=require", nullptr},
           // Neon's, which its proxy reads.
           Taken{"postgres://u@h/db?options=endpoint%3Dep-a-1", nullptr},
           // postgres.js, knex
           Taken{"postgres://u@h/db?prepare=false&idle_timeout=20&max_lifetime=600&connect_timeout=10",
                 "user=u host=h dbname=db connect_timeout=10", "prepare idle_timeout max_lifetime"},
           // Prisma
           Taken{"postgresql://u@h:5432/db?schema=public", "port=5432 host=h dbname=db user=u"},
           Taken{"postgresql://u@h/db?schema=app", R"(user=u host=h dbname=db options='-csearch_path="app"')"},
           Taken{"postgresql://u@h/db?pgbouncer=true&connection_limit=1&pool_timeout=20&statement_cache_size=0",
                 "user=u host=h dbname=db", "connection_limit pool_timeout statement_cache_size"},
           Taken{"postgresql://u@h/db?sslmode=require&sslaccept=accept_invalid_certs&socket_timeout=3",
                 "user=u host=h dbname=db sslmode=require", "socket_timeout"},
           Taken{"postgresql://u@h/db?pgbouncer=true&schema=app", "user=u host=h dbname=db"},
           // pgx, lib/pq, sqlx
           Taken{"postgres://u@h/db?pool_max_conns=10&pool_max_conn_lifetime=1h", "user=u host=h dbname=db",
                 "pool_max_conns pool_max_conn_lifetime"},
           Taken{"host=h user=u pool_min_conns=2 default_query_exec_mode=simple_protocol", "host=h user=u",
                 "pool_min_conns default_query_exec_mode"},
           Taken{"postgres://u@h/db?search_path=app,public&statement_cache_capacity=0",
                 "user=u host=h dbname=db options=-csearch_path=app,public", "statement_cache_capacity"},
           Taken{"postgres://u@h/db?binary_parameters=yes&sslmode=disable", "user=u host=h dbname=db sslmode=disable",
                 "binary_parameters"},
           Taken{"postgres://u@h/db?statement-cache-capacity=0&ssl-mode=require&options[geqo]=off",
                 "user=u host=h dbname=db sslmode=require options=-cgeqo=off", "statement-cache-capacity"},
           // SQLAlchemy, asyncpg, Django
           Taken{"postgresql+psycopg2://u:p@h/db", "user=u password=p host=h dbname=db"},
           Taken{"postgresql+asyncpg://u:p@h/db?ssl=require&prepared_statement_cache_size=0",
                 "user=u password=p host=h dbname=db sslmode=require", "prepared_statement_cache_size"},
           Taken{"postgresql+psycopg://u:p@/db?host=a:5432&host=b:5433",
                 "user=u password=p dbname=db host=a,b port=5432,5433"},
           Taken{"postgresql+psycopg2://u:p@/db?host=/run/postgresql",
                 "user=u password=p dbname=db host=/run/postgresql"},
           Taken{"postgresql://u@h/db?command_timeout=60&max_cached_statement_lifetime=0", "user=u host=h dbname=db",
                 "command_timeout max_cached_statement_lifetime"},
           Taken{"postgres://u@h/db?conn_max_age=600", "user=u host=h dbname=db", "conn_max_age"},
           // Rails
           Taken{"postgresql://u@h/db?pool=5&prepared_statements=false&encoding=unicode", "user=u host=h dbname=db",
                 "pool prepared_statements"},
           // JDBC
           Taken{"jdbc:postgresql://h:5433/db?user=u@tenant&password=p@ss",
                 "port=5433 host=h dbname=db user=u@tenant password=p@ss"},
           Taken{"jdbc:postgresql:db", "host=localhost dbname=db"},
           Taken{"jdbc:postgresql:///db", "host=localhost dbname=db"},
           Taken{"jdbc:postgresql://h1,h2/db?targetServerType=primary&ApplicationName=api&connectTimeout=5",
                 "host=h1,h2 dbname=db target_session_attrs=read-write application_name=api connect_timeout=5"},
           Taken{"jdbc:postgresql://h/db?currentSchema=app&reWriteBatchedInserts=true&tcpKeepAlive=false",
                 "host=h dbname=db keepalives=0 options=-csearch_path=app", "reWriteBatchedInserts"},
       }) {
    CAPTURE(std::string(row.url));
    const auto read = config::read_postgres_url(row.url);
    REQUIRE_MESSAGE(read.value.has_value(), read.problem);
    const std::string expected = row.text == nullptr ? row.url : row.text;
    // The order of keywords means nothing.
    const bool same =
        read.value->text == expected ||
        outboxd::postgres::complete_conninfo(read.value->text, std::chrono::seconds{5}, std::chrono::seconds{30}) ==
            outboxd::postgres::complete_conninfo(expected, std::chrono::seconds{5}, std::chrono::seconds{30});
    CHECK_MESSAGE(same, read.value->text);
    CHECK(judge_conninfo(read.value->text).empty());
    std::string named;
    for (const auto& warning : read.value->warnings) {
      const auto name = warning.substr(std::string("the parameter ").size());
      named.append(named.empty() ? "" : " ").append(name.substr(0, name.find(' ')));
    }
    CHECK(named == row.warns_of);
    // A URL that was translated once does not change again.
    const auto again = config::read_postgres_url(read.value->text);
    REQUIRE_MESSAGE(again.value.has_value(), again.problem);
    CHECK(again.value->text == read.value->text);
    CHECK(warnings_of(*again.value).empty());
  }
}

TEST_CASE("parameters that can never work are refused by name, without their value") {
  constexpr const char* kAt = "write %40 for '@'";
  for (const Refused& row : {
           Refused{" ", "has nothing but white space in it"},
           Refused{R"("postgres://u:s3cret@h/db")", "begins with a quote"},
           Refused{"'postgres://u:s3cret@h/db'\n", "begins with a quote"},
           Refused{"Host=h;Port=5432;Database=d;Username=u;Password=s3cret", "postgresql://user:password@host:port/"},
           Refused{"Server = h; User Id = u; Password = s3;cret", "postgresql://user:password@host:port/database"},
           Refused{"s3cret", "is neither a URL"},
           Refused{"s3cret 5", "is neither a URL"},
           Refused{"host=h s3cret", "is neither a URL"},
           Refused{"mysql://s3cret/y", "something other than Postgres: write postgresql://"},
           Refused{"jdbc:mysql://s3cret/y", "something other than Postgres"},
           Refused{"prisma+postgres://accelerate/?api_key=s3cret", "something other than Postgres"},
           Refused{"postgres://u:s3cret@[::1/db", "a '[' without a ']'"},
           Refused{"postgres://u:s3cret@[]/db", "brackets with no IPv6 address"},
           Refused{"postgres://u:s3cret", "a port that is not a number"},
           Refused{"postgres://h:99999/db", "a port that is not a number"},
           Refused{"postgres://::1/db", "a port that is not a number"},
           Refused{"postgres://u:s3/cret@h/db", kAt},
           Refused{"postgres://u:s3@s3/cret@h/db", kAt},
           Refused{"postgres://u:s3?cret@h/db", kAt},
           Refused{"postgres://u:s3?a=s3cret@h/db", kAt},
           Refused{"postgres://u:5432#s3cret@h/db", kAt},
           Refused{"postgres://u:p@h/db#s3cret", "has a '#' in its database name"},
           Refused{"postgres://u:p@h/db#?sslmode=require", "has a '#' in its database name"},
           Refused{"postgres://u@h/#s3cret", "has a '#' in its database name"},
           Refused{"postgres://u@h/?dbname=db#s3cret", "has a '#' in its database name"},
           Refused{"postgres://u:s3cret@h1,u:s3cret@h2/db", kAt},
           Refused{"postgres://u:s3%00cret@h/db", "%00 in its user or password"},
           Refused{"postgres://u@h/s3%cret", "in its database name: write %25"},
           Refused{"postgres://u@h/db?sslmode=%s3cret", "in the parameter sslmode: write %25"},
           Refused{"postgres://u@h/db?s3cret", "a parameter without a value"},
           Refused{"postgres://u@h/db?a%20b=s3cret", "a parameter whose name"},
           Refused{"postgres://u@h/db?foo=s3cret",
                   "has the parameter foo, which means nothing to libpq or here: take it out"},
           Refused{"host=h foo=s3cret", "has the parameter foo, which means nothing to libpq or here: take it out"},
           Refused{"postgres://u@h/db?SSLMode=s3cret",
                   "has the parameter SSLMode, which means nothing to libpq or here; did you mean sslmode?"},
           Refused{"postgres://u@h/s3cret%0A", "has a dbname that ends in a line end"},
           Refused{"postgres://u@h/s3%01cret", "has a dbname with a control character"},
           Refused{"postgres://s3cret%0D@h/db", "has a user that ends in a line end"},
           Refused{"postgres://u@s3 cret/db", "has a host that is neither a name, an address"},
           Refused{"postgres://u@h/db?hostaddr=s3cret", "has a hostaddr that is no IP address"},
           Refused{"postgres://u@/db?host=s3cret:1&host=b", "has the parameter host, which is there with a port"},
           Refused{"host=h1,h2 port=1,2,3", "has another number of port than of host"},
           Refused{"host=h1,h2 hostaddr=10.0.0.1", "has another number of host than of hostaddr"},
           Refused{"host=h port=s3cret", "has a port that is not a number"},
           Refused{"postgres://u@h/db?sslmode=s3cret", "has sslmode set to none of disable, allow, prefer, require"},
           Refused{"postgres://u@h/db?ssl=s3cret", "has the parameter ssl, with a value that means nothing here"},
           Refused{"postgres://u@h/db?ssl=true&sslmode=disable", "has the parameter ssl, which sslmode contradicts"},
           Refused{"postgres://u@h/db?ssl-mode=prefer&ssl=1", "has the parameter ssl, which sslmode contradicts"},
           Refused{"postgres://u@h/db?ssl=verify-full&sslmode=require",
                   "has the parameter ssl, which sslmode contradicts"},
           Refused{"postgres://u@h/db?channel_binding=s3cret", "has channel_binding set to none of"},
           Refused{"postgres://u@h/db?ssl_min_protocol_version=s3cret",
                   "has ssl_min_protocol_version set to none of"},
           Refused{"postgres://u@h/db?connect_timeout=s3cret", "has a connect_timeout that is not a whole number"},
           Refused{"postgres://u@h/db?keepalives_idle=s3cret", "has a keepalives_idle that is not a whole number"},
           Refused{"postgres://u@h/db?keepalives_idle=0", "has a keepalives_idle that is not from 1 to 32767"},
           Refused{"postgres://u@h/db?keepalives_interval=40000", "has a keepalives_interval that is not from 1"},
           Refused{"host=/run hostaddr=10.0.0.1 keepalives_count=128", "has a keepalives_count that is not from 1"},
           Refused{"postgres://u@h1,h2:-1/db", "has a port that is not a number"},
           Refused{"host=h1,h2 port=5432,70000", "has a port that is not a number"},
           Refused{"postgres://u@h/db?channel_binding=require&sslmode=disable",
                   "has channel_binding=require, which there is over TLS alone, and sslmode=disable"},
           Refused{"host=/run channel_binding=require", "which there is over TLS alone, and leads to a Unix socket"},
           Refused{"host=/run gssencmode=require", "has gssencmode=require, which there is over TCP alone"},
           Refused{"host=h gssencmode=s3cret", "has gssencmode set to none of"},
           Refused{"hostaddr=10.0.0.1 sslmode=verify-full", "a hostaddr without a host"},
           Refused{"postgres://u@h/db?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
                   "can't work: libpq says"},
           Refused{"postgres://u@h/db?target_session_attrs=s3cret",
                   "has target_session_attrs set to none of any, read-write"},
           Refused{"postgres://u@h/db?target_session_attrs=standby", "that take no writes"},
           Refused{"postgres://u@h/db?replication=database", "asks for a replication connection"},
           Refused{"postgres://u@h/db?service=s3cret", "definition of service … not found"},
           Refused{"postgres://u@h/db?statement_timeout=s3cret", "has the parameter statement_timeout, which is no"},
           Refused{"postgres://u@h/db?schema=s3%20cret", "has the parameter schema, which names no schema"},
           Refused{"postgres://u@h/db?sslaccept=strict",
                   "has the parameter sslaccept, which libpq doesn't know: write"},
           Refused{"postgres://u@h/db?sslidentity=s3cret.p12", "has the parameter sslidentity, a PKCS #12 file"},
           Refused{"postgres://u@h/db?keepAlive=s3cret",
                   "has the parameter keepAlive, which is neither true nor false"},
           Refused{"jdbc:postgresql://h/db?sslfactory=s3cret",
                   "has the parameter sslfactory, which is a class of Java"},
           Refused{"jdbc:postgresql://h/db?targetServerType=secondary", "has the parameter targetServerType"},
           Refused{"jdbc:postgresql://h/db?readOnly=true", "has the parameter readOnly, and outboxd writes"},
       }) {
    CAPTURE(std::string(row.url));
    const auto problem = problem_of(row.url);
    CHECK_MESSAGE(problem.find(row.reason) != std::string::npos, problem);
    CHECK_MESSAGE(problem.find("s3") == std::string::npos, problem);
    CHECK_MESSAGE(problem.find("cret") == std::string::npos, problem);
  }
}

TEST_CASE("a parameter that takes a newer libpq is named as such") {
  const config::Libpq old{.parameters = {"host", "sslmode"}};
  const auto read = config::read_postgres_url("host=h require_auth=scram-sha-256").value.value();
  CHECK(config::refused_by(old, read) ==
        "has the parameter require_auth, which takes a newer libpq than this one: take it out");
  CHECK(config::refused_by({.parameters = {"host", "require_auth"}}, read).empty());
}

TEST_CASE("a URL's parameters apply to other settings unless these are set elsewhere") {
  const std::string url = "postgres://u@h/db?pgbouncer=true&statement_timeout=5000&schema=app";
  auto loaded = load({{"DATABASE_URL", url}});
  CHECK(config::render_problems(loaded.problems).empty());
  CHECK((loaded.settings.postgres.pooler == config::Pooler::transaction));
  CHECK(loaded.settings.postgres.statement_timeout.count() == 5'000);
  CHECK(loaded.settings.dispatcher.table == "\"app\".event_outbox");
  CHECK(config::render_show(loaded).find("statement_timeout = \"5s\"  # environment DATABASE_URL") !=
        std::string::npos);
  loaded = load({{"DATABASE_URL", url},
                 {"OUTBOXD_POSTGRES_POOLER", "none"},
                 {"OUTBOXD_POSTGRES_STATEMENT_TIMEOUT", "7s"},
                 {"OUTBOXD_TABLE", "other.t"}});
  CHECK((loaded.settings.postgres.pooler == config::Pooler::none));
  CHECK(loaded.settings.postgres.statement_timeout.count() == 7'000);
  CHECK(loaded.settings.dispatcher.table == "other.t");
  loaded = load({{"DATABASE_URL", "postgres://u@h/db?statement_timeout=0"}});
  CHECK(loaded.settings.postgres.statement_timeout.count() == 3'600'000);
  CHECK(config::render_problems(loaded.warnings)
            .find("environment DATABASE_URL: postgres.url: the parameter statement_timeout is taken for 1h") !=
        std::string::npos);
}
