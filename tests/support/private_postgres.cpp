// SPDX-License-Identifier: Apache-2.0
#include "support/private_postgres.hpp"

#include "postgres/pqxx_compat.hpp"
#include "support/programs.hpp"
#include "support/socket.hpp"
#include "support/wait.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <dirent.h>
#include <fstream>
#include <pwd.h>
#include <sstream>
#include <stdexcept>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

namespace outboxd::test {
namespace {

struct Account {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Postgres refuses to run as root, so root steps down.
Account find_account() {
  if (::geteuid() != 0) return {};
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* entry = ::getpwnam(name); entry != nullptr) return {entry->pw_uid, entry->pw_gid};
  }
  throw std::runtime_error("root can't run Postgres, and there is neither a user postgres nor nobody");
}

/// getpwnam() is not for several threads at once.
Account account_for_postgres() {
  static const auto account = find_account();
  return account;
}

ChildOptions as_postgres(std::vector<std::string> command, const std::filesystem::path& folder) {
  const auto account = account_for_postgres();
  return {.command = std::move(command),
          .environment = {{"LC_ALL", "C"}, {"TZ", "UTC"}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}},
          .user = account.user,
          .group = account.group,
          .folder = folder};
}

void give_to_postgres(const std::filesystem::path& folder) {
  const auto account = account_for_postgres();
  if (account.user && ::chown(folder.c_str(), *account.user, *account.group) != 0) {
    throw std::runtime_error("could not give " + folder.string() + " to Postgres' user");
  }
}

void run_as_postgres(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  Child child(as_postgres(command, folder));
  if (child.wait(std::chrono::seconds(120)) != 0) {
    throw std::runtime_error(command[0] + " failed:\n" + child.out() + child.err());
  }
}

/// A folder that initdb has filled, made once per process.
const std::filesystem::path& initialised_data() {
  static const TempDir folder;
  static const std::filesystem::path data = [] {
    give_to_postgres(folder.path());
    auto path = folder / "data";
    run_as_postgres({(postgres_programs() / "initdb").string(), "-D", path.string(), "-U", "postgres", "--auth=trust",
                     "--encoding=UTF8", "--locale=C", "--no-sync"},
                    folder.path());
    return path;
  }();
  return data;
}

struct ProcessStat {
  char state = 0;
  pid_t parent = 0;
};

/// Nothing when there is no such process.
std::optional<ProcessStat> stat_of(pid_t pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  // The name in brackets may hold spaces; the state and the parent's pid follow the last bracket.
  std::istringstream rest(stat.substr(end_of_name + 1));
  ProcessStat found;
  if (!(rest >> found.state >> found.parent)) return std::nullopt;
  return found;
}

/// A zombie has given back its memory and its files, and waits for a parent that may never look.
bool has_ended(pid_t pid) {
  const auto stat = stat_of(pid);
  return !stat || stat->state == 'Z' || stat->state == 'X';
}

/// The processes whose parent is `parent`. Postgres' backends each lead a process group of their own, so a signal to
/// the server's group doesn't reach them.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stoi(name));
    if (const auto stat = stat_of(pid); stat && stat->parent == parent) children.push_back(pid);
  }
  return children;
}

}  // namespace

PrivatePostgres::PrivatePostgres(PostgresOptions options) : options_(std::move(options)) {
  constexpr int kPortsToTry = 10;
  give_to_postgres(folder_.path());
  run_as_postgres({find_program("cp"), "-a", initialised_data().string(), (folder_ / "data").string()},
                  folder_.path());
  for (int i = 0; i < kPortsToTry; ++i) {
    port_ = free_port();
    if (try_start() == Attempt::up) return;
  }
  throw std::runtime_error("no free port for postgres");
}

PrivatePostgres::~PrivatePostgres() {
  if (running()) {
    // A paused server can't shut down, and a backend that outlives it would keep its files open.
    resume();
    server_->signal(SIGQUIT);
    try {
      server_->wait();
    } catch (const std::exception&) {
      kill9();
    }
  }
  remove_shared_memory();
}

std::string PrivatePostgres::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PrivatePostgres::conninfo(const std::string& database, const std::string& user) const {
  return "host=" + folder_.path().string() + " port=" + std::to_string(port_) + " user=" + user +
         " dbname=" + database;
}

Database PrivatePostgres::create_database() {
  const auto name = "test_" + std::to_string(++databases_);
  const auto connection = postgres::open_connection(conninfo());
  pqxx::nontransaction session(*connection);
  postgres::exec(session, "CREATE DATABASE " + name);
  return {name, url(name), conninfo(name)};
}

void PrivatePostgres::start() {
  if (running()) return;
  wait_until([this] { return try_start() == Attempt::up; }, std::chrono::seconds(60),
             "postgres on its old port " + std::to_string(port_));
}

PrivatePostgres::Attempt PrivatePostgres::try_start() {
  std::vector<std::string> command{(postgres_programs() / "postgres").string(),
                                   "-D",
                                   (folder_ / "data").string(),
                                   "-p",
                                   std::to_string(port_),
                                   "-k",
                                   folder_.path().string(),
                                   "-h",
                                   "127.0.0.1"};
  std::vector<std::string> settings{"logging_collector=off", "shared_buffers=32MB"};
  if (!options_.durable) settings.insert(settings.end(), {"fsync=off", "full_page_writes=off"});
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const auto& setting : settings) command.insert(command.end(), {"-c", setting});
  auto child = as_postgres(command, folder_.path());
  child.environment.insert(options_.environment.begin(), options_.environment.end());
  earlier_log_ += log_of_this_run();
  server_ = std::make_unique<Child>(child);
  wait_until([this] { return !server_->running() || answers(); }, std::chrono::seconds(60), "postgres to answer");
  if (server_->running()) return Attempt::up;
  if (log_of_this_run().find("ddress already in use") != std::string::npos) return Attempt::port_taken;
  throw std::runtime_error("postgres did not start:\n" + log_of_this_run());
}

bool PrivatePostgres::answers() const {
  try {
    const auto connection = postgres::open_connection(conninfo() + " connect_timeout=5");
    // Somebody else's server may hold the TCP port: then ours is about to give up.
    return log_of_this_run().find("ddress already in use") == std::string::npos;
  } catch (const pqxx::failure&) {
    return false;
  }
}

void PrivatePostgres::signal_all(int number) {
  if (!running()) return;
  // The server first: once it is stopped or dead, no new backend can appear.
  const auto pid = server_->pid();
  const auto before = children_of(pid);
  ::kill(pid, number);
  for (const auto child : number == SIGKILL ? before : children_of(pid)) ::kill(child, number);
}

void PrivatePostgres::stop(StopMode mode) {
  constexpr std::array kSignals{SIGTERM, SIGINT, SIGQUIT};
  resume();
  server_->signal(kSignals.at(static_cast<std::size_t>(mode)));
  server_->wait();
}

void PrivatePostgres::kill9() {
  // Stopped first, so that the list of its backends is complete when they are killed.
  signal_all(SIGSTOP);
  const auto backends = children_of(server_->pid());
  signal_all(SIGKILL);
  server_->wait();
  wait_until([&backends] { return std::ranges::all_of(backends, has_ended); }, std::chrono::seconds(20),
             "the killed backends to end");
}

void PrivatePostgres::pause() {
  signal_all(SIGSTOP);
}
void PrivatePostgres::resume() {
  signal_all(SIGCONT);
}

void PrivatePostgres::remove_shared_memory() const {
  // Left behind only after kill9(); the seventh line of postmaster.pid is the segment's key and id.
  std::ifstream file(folder_ / "data" / "postmaster.pid");
  std::string line;
  for (int i = 0; i < 7; ++i) std::getline(file, line);
  std::istringstream numbers(line);
  long key = 0;
  int id = -1;
  if (file && numbers >> key >> id) ::shmctl(id, IPC_RMID, nullptr);
}

}  // namespace outboxd::test
