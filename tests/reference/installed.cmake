# SPDX-License-Identifier: Apache-2.0
# Installs the program into a folder of its own, and looks for completions and the manual page where they belong.
# -DBUILD=build folder -DWORK=folder
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK} --component program
  RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${text}")
endif()
foreach(file bin/outboxd share/bash-completion/completions/outboxd share/zsh/site-functions/_outboxd
    share/fish/vendor_completions.d/outboxd.fish share/man/man1/outboxd.1)
  if(NOT EXISTS ${WORK}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
  file(SIZE ${WORK}/${file} size)
  if(size LESS 1000)
    message(FATAL_ERROR "${file} has ${size} bytes")
  endif()
endforeach()
