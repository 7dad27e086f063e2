// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::system {

/// Takes the place of each of standard input, output and error that is closed (`2>&-`), so that no connection gets
/// its number, and with it what is read from there or logged. Reading from it, or writing to it, fails as before.
/// Call once, before anything else is opened.
void occupy_closed_standard_descriptors();

}  // namespace outboxd::system
