// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

namespace outboxd::test {

/// The folder WHERE, which the first process that asks for it makes and all others find: `make` gets the path of a
/// folder that isn't there yet, and what it leaves there becomes WHERE at once and whole. Processes that ask
/// meanwhile wait. Throws what `make` throws, and std::system_error where WHERE's own folder can't be written.
std::filesystem::path made_once(const std::filesystem::path& where,
                                const std::function<void(const std::filesystem::path&)>& make);

}  // namespace outboxd::test
