// SPDX-License-Identifier: Apache-2.0
#include "support/child.hpp"

#include "support/wait.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace outboxd::test {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The arguments of exec, prepared before fork: between fork and exec only async-signal-safe calls are allowed.
struct Prepared {
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string input, out, err, folder;
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  pid_t parent;
};

void redirect(const char* path, int flags, int target) {
  const int fd = ::open(path, flags, 0600);
  if (fd < 0 || ::dup2(fd, target) < 0) ::_exit(126);
  if (fd != target) ::close(fd);
}

[[noreturn]] void become(const Prepared& prepared, char* const* argv, char* const* envp) {
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  redirect(prepared.input.c_str(), O_RDONLY, 0);
  redirect(prepared.out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 1);
  redirect(prepared.err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 2);
  // A server that inherits the test runner's pipes would keep the runner waiting.
  ::close_range(3, ~0U, 0);
  if (!prepared.folder.empty() && ::chdir(prepared.folder.c_str()) != 0) ::_exit(126);
  if (prepared.group && (::setgroups(0, nullptr) != 0 || ::setgid(*prepared.group) != 0)) ::_exit(126);
  if (prepared.user && ::setuid(*prepared.user) != 0) ::_exit(126);
  // After the change of user, which would clear it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(126);
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}

}  // namespace

Child::Child(const ChildOptions& options) {
  if (options.command.empty()) throw std::invalid_argument("Child needs a command");
  Prepared prepared{options.command,
                    {},
                    files_.write("in", options.input).string(),
                    (files_ / "out").string(),
                    (files_ / "err").string(),
                    options.folder.string(),
                    options.user,
                    options.group,
                    ::getpid()};
  for (const auto& [name, value] : options.environment) {
    prepared.environment.push_back(std::string(name).append("=").append(value));
  }
  const auto argv = pointers_to(prepared.command);
  const auto envp = pointers_to(prepared.environment);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) become(prepared, argv.data(), envp.data());
  // In both processes, as either may run first.
  ::setpgid(pid_, pid_);
}

Child::~Child() {
  if (!status_) {
    signal_group(SIGKILL);
    reap(0);
  }
}

bool Child::reap(int flags) {
  if (status_) return true;
  int raw = 0;
  pid_t ended = 0;
  rusage used{};
  do {
    ended = ::wait4(pid_, &raw, flags, &used);
  } while (ended < 0 && errno == EINTR);
  if (ended != pid_) return false;
  const auto seconds = [](const timeval& time) {
    return std::chrono::duration<double>{static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6};
  };
  usage_ = {seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss * 1024};
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return true;
}

bool Child::running() {
  return !reap(WNOHANG);
}

void Child::signal(int number) {
  if (running()) ::kill(pid_, number);
}

void Child::signal_group(int number) {
  if (running()) ::kill(-pid_, number);
}

int Child::wait(std::chrono::milliseconds deadline) {
  try {
    wait_until([this] { return !running(); }, deadline, "the end of process " + std::to_string(pid_));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(std::string(error.what()) + "\n--- its output ---\n" + out() + err());
  }
  return *status_;
}

}  // namespace outboxd::test
