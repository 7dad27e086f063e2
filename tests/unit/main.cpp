// SPDX-License-Identifier: Apache-2.0
#include "support/run_tests.hpp"

int main(int argc, char** argv) {
  return outboxd::test::run_tests(argc, argv);
}
