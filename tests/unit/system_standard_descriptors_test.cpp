// SPDX-License-Identifier: Apache-2.0
#include "system/standard_descriptors.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Runs `work` in a process of its own and returns its result.
template <typename Work>
int in_a_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("standard descriptors: a file opened later doesn't get a closed one's number, and writing still fails") {
  CHECK(in_a_child([] {
          for (const int descriptor : {0, 1, 2}) ::close(descriptor);
          outboxd::system::occupy_closed_standard_descriptors();
          if (::dup(2) <= 2) return 1;
          char byte = 'x';
          if (::read(0, &byte, 1) != -1 || errno != EBADF) return 2;
          for (const int descriptor : {1, 2}) {
            if (::write(descriptor, &byte, 1) != -1 || errno != EBADF) return 3;
          }
          return 0;
        }) == 0);
}

TEST_CASE("standard descriptors: open ones are left unchanged") {
  CHECK(in_a_child([] {
          std::array<int, 2> ends{};
          if (::pipe(ends.data()) != 0 || ::dup2(ends[0], 0) != 0 || ::dup2(ends[1], 1) != 1) return 1;
          outboxd::system::occupy_closed_standard_descriptors();
          char byte = 'x';
          if (::write(1, &byte, 1) != 1 || ::read(0, &byte, 1) != 1) return 2;
          return 0;
        }) == 0);
}
