// SPDX-License-Identifier: Apache-2.0
#include "config/redis_parameters.hpp"

#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace outboxd::config {
namespace {

using Word = std::string_view;

// In lower case and without '_', since each driver writes them in its own way.
constexpr std::array kOfTheDriver = {
    Word{"family"}, Word{"protocol"},
    // Pools
    Word{"maxconnections"}, Word{"poolsize"}, Word{"pooltimeout"}, Word{"poolfifo"}, Word{"minidleconns"},
    Word{"maxidleconns"}, Word{"maxactiveconns"}, Word{"connmaxidletime"}, Word{"connmaxlifetime"},
    Word{"connmaxlifetimejitter"}, Word{"idletimeout"}, Word{"idlecheckfrequency"}, Word{"maxconnage"},
    // Time-outs and retries
    Word{"timeout"}, Word{"connecttimeout"}, Word{"commandtimeout"}, Word{"dialtimeout"}, Word{"readtimeout"},
    Word{"writetimeout"}, Word{"sockettimeout"}, Word{"socketconnecttimeout"}, Word{"maxretries"},
    Word{"minretrybackoff"}, Word{"maxretrybackoff"}, Word{"maxretriesperrequest"}, Word{"retryontimeout"},
    Word{"retryonerror"}, Word{"retrystrategy"}, Word{"reconnectonerror"}, Word{"healthcheckinterval"},
    Word{"pinginterval"}, Word{"keepalive"}, Word{"socketkeepalive"}, Word{"nodelay"},
    // Names and notations
    Word{"clientname"}, Word{"connectionname"}, Word{"libname"}, Word{"libver"}, Word{"libraryname"},
    Word{"libraryversion"}, Word{"identitysuffix"}, Word{"disableidentity"}, Word{"decoderesponses"},
    Word{"encoding"}, Word{"encodingerrors"}, Word{"allowusernameinuri"}, Word{"enablereadycheck"},
    Word{"enableofflinequeue"}, Word{"disableofflinequeue"}, Word{"lazyconnect"}, Word{"autoresubscribe"},
    Word{"autoresendunfulfilledcommands"}, Word{"showfriendlyerrorstack"}, Word{"singleconnectionclient"},
    Word{"enableautopipelining"}};

constexpr std::array kNamed = {std::pair{Word{"db"}, RedisParameter::database},
                               std::pair{Word{"database"}, RedisParameter::database},
                               std::pair{Word{"username"}, RedisParameter::username},
                               std::pair{Word{"user"}, RedisParameter::username},
                               std::pair{Word{"password"}, RedisParameter::password},
                               std::pair{Word{"tls"}, RedisParameter::tls},
                               std::pair{Word{"ssl"}, RedisParameter::tls},
                               std::pair{Word{"keyprefix"}, RedisParameter::prefix},
                               std::pair{Word{"skipverify"}, RedisParameter::of_tls},
                               std::pair{Word{"servername"}, RedisParameter::of_tls},
                               std::pair{Word{"rejectunauthorized"}, RedisParameter::of_tls}};

}  // namespace

RedisParameter redis_parameter(std::string_view name) {
  std::string word = lower(name);
  word.erase(std::remove(word.begin(), word.end(), '_'), word.end());
  for (const auto& [known, parameter] : kNamed) {
    if (known == word) return parameter;
  }
  if (word.starts_with("ssl") || word.starts_with("tls")) return RedisParameter::of_tls;
  const bool is_drivers = std::find(kOfTheDriver.begin(), kOfTheDriver.end(), word) != kOfTheDriver.end();
  return is_drivers ? RedisParameter::of_the_driver : RedisParameter::unknown;
}

}  // namespace outboxd::config
