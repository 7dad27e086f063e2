# SPDX-License-Identifier: Apache-2.0
# Embeds migrations/ in the binary. When it is included, it defines outboxd_embed_migrations(); when it is run with
# `cmake -P`, it writes the C++ file. One file does both, so that a change of it rebuilds its output.
#
# Each migration is a pair of files, NNNN_name.up.sql and NNNN_name.down.sql. The up file has a line
# `-- done when: <SQL boolean expression>`; an optional migration also has a line `-- optional: <flag>`; and a migration
# that can't run inside a transaction has a line `-- no transaction` and a single statement.

# outboxd_embed_migrations(OUT): sets OUT to a generated .cpp that defines outboxd::migrate::migrations().
function(outboxd_embed_migrations out)
  set(folder ${PROJECT_SOURCE_DIR}/migrations)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cpp)
  set(script ${CMAKE_CURRENT_FUNCTION_LIST_FILE})
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${generated} -P ${script}
    DEPENDS ${files} ${script}
    COMMENT "Embedding migrations"
    VERBATIM)
  set(${out} ${generated} PARENT_SCOPE)
endfunction()

# Sets OUT to TEXT as C++ raw string literals. Split at line ends, as compilers need only take 65,536 characters.
function(raw_string text out)
  set(literal "")
  string(LENGTH "${text}" left)
  while(left GREATER 8000)
    string(SUBSTRING "${text}" 0 8000 chunk)
    string(FIND "${chunk}" "\n" cut REVERSE)
    if(cut EQUAL -1)
      message(FATAL_ERROR "a line of a migration is over 8000 bytes long: break it")
    endif()
    math(EXPR cut "${cut} + 1")
    string(SUBSTRING "${text}" 0 ${cut} chunk)
    string(SUBSTRING "${text}" ${cut} -1 text)
    string(APPEND literal "R\"outboxd(${chunk})outboxd\"\n")
    string(LENGTH "${text}" left)
  endwhile()
  string(APPEND literal "R\"outboxd(${text})outboxd\"")
  set(${out} "${literal}" PARENT_SCOPE)
endfunction()

function(write_migrations folder output)
  file(GLOB ups ${folder}/*.up.sql)
  list(SORT ups)
  list(LENGTH ups count)
  set(entries "")
  set(previous 0)
  foreach(up IN LISTS ups)
    get_filename_component(file ${up} NAME)
    if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.up\\.sql$")
      message(FATAL_ERROR "migrations/${file}: the name must be NNNN_name.up.sql")
    endif()
    set(digits ${CMAKE_MATCH_1})
    set(name ${CMAKE_MATCH_2})
    string(REGEX REPLACE "^0+" "" number ${digits})
    if(NOT number OR number LESS_EQUAL previous)
      message(FATAL_ERROR "migrations/${file}: numbers start at 0001 and none may be used twice")
    endif()
    set(previous ${number})
    set(down ${folder}/${digits}_${name}.down.sql)
    if(NOT EXISTS ${down})
      message(FATAL_ERROR "migrations/${file}: its down file is missing")
    endif()
    file(READ ${up} up_text)
    file(READ ${down} down_text)
    if(NOT "\n${up_text}" MATCHES "\n-- done when: ([^\n]+)")
      message(FATAL_ERROR "migrations/${file}: the line '-- done when: <SQL boolean expression>' is missing")
    endif()
    raw_string("${CMAKE_MATCH_1}" done_when)
    set(option "")
    if("\n${up_text}" MATCHES "\n-- optional: ([a-z-]+)\n")
      set(option ${CMAKE_MATCH_1})
    endif()
    set(in_transaction true)
    if("\n${up_text}" MATCHES "\n-- no transaction *\n")
      set(in_transaction false)
    endif()
    raw_string("${up_text}" up_literal)
    raw_string("${down_text}" down_literal)
    string(APPEND entries
      "    Migration{${number}, \"${name}\", ${done_when},\n${up_literal},\n${down_literal},\n${in_transaction}, \"${option}\"},\n")
  endforeach()
  file(WRITE ${output} "// Generated from migrations/ by lib/migrate/embed.cmake.
#include <array>

#include \"migrate/embedded_migrations.hpp\"

namespace outboxd::migrate {

std::span<const Migration> migrations() {
  static constexpr std::array<Migration, ${count}> kMigrations{
${entries}  };
  return kMigrations;
}

}  // namespace outboxd::migrate
")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  write_migrations(${FOLDER} ${OUTPUT})
endif()
