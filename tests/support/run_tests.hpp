// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::test {

/// Runs doctest over the command line's selection. Unlike doctest's own main it fails when that selection holds no
/// test case at all: a misspelt filter must not look like success.
int run_tests(int argc, char** argv);

}  // namespace outboxd::test
