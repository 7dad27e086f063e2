// SPDX-License-Identifier: Apache-2.0
#include "support/run_tests.hpp"

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <iostream>

namespace outboxd::test {
namespace {

// doctest constructs its listeners itself, so the count can't be passed to them.
int started_cases = 0;

class CountingListener : public doctest::IReporter {
 public:
  explicit CountingListener(const doctest::ContextOptions& /*options*/) {}

  void test_case_start(const doctest::TestCaseData& /*data*/) override { ++started_cases; }

  void report_query(const doctest::QueryData& /*data*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
  void test_case_exception(const doctest::TestCaseException& /*error*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*data*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}
};

REGISTER_LISTENER("count", 1, CountingListener);

}  // namespace

int run_tests(int argc, char** argv) {
  // As the daemon does: writing to a closed connection is then an error instead of the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  doctest::Context context(argc, argv);
  const int failed = context.run();
  if (context.shouldExit()) return failed;
  if (started_cases == 0) {
    std::cerr << "no test case matches this selection\n";
    return 2;
  }
  return failed;
}

}  // namespace outboxd::test
