// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::system {

/// Opens /dev/null for each of standard input, output and error that is closed (`2>&-`), so that no connection gets
/// its number, and with it the program's input or log. Reading or writing still fails. Call once, before any other
/// file is opened.
void occupy_closed_standard_descriptors();

}  // namespace outboxd::system
