# SPDX-License-Identifier: Apache-2.0
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3.0)
include(${CMAKE_CURRENT_LIST_DIR}/outboxdTargets.cmake)
