// SPDX-License-Identifier: Apache-2.0
// The one translation unit that compiles Boost.JSON; all others include its declarations alone.
#include <boost/json/src.hpp>
