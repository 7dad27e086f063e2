// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::test {

/// Runs the tests that the command line selects. Unlike doctest's own main, it fails if it selects none, so that a
/// misspelt filter doesn't look like success.
int run_tests(int argc, char** argv);

}  // namespace outboxd::test
