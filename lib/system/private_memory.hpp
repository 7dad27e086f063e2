// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outboxd::system {

/// From now on the process leaves no core dump, and no other process of its user can read its memory or environment
/// (root can, as with a debugger): secrets are in both. Call once, before any secret is read.
void keep_memory_private();

}  // namespace outboxd::system
