# Two builds of load_test.c, each run as it has to be, must end what they print alike, behind the instruction sets that each
# has: cmake -DHERE=<command> -DTHERE=<command> -P same_bits_test.cmake
foreach(program IN ITEMS HERE THERE)
  execute_process(COMMAND ${${program}} OUTPUT_VARIABLE says RESULT_VARIABLE result)
  list(JOIN ${program} " " command)
  if(NOT result EQUAL 0 OR NOT says MATCHES ": ([0-9a-f]+)[\r\n]*$")
    message(FATAL_ERROR "${command}: ${says} (${result})")
  endif()
  set(${program}_bits "${CMAKE_MATCH_1}")
  message(STATUS "${command}: ${says}")
endforeach()
if(NOT HERE_bits STREQUAL THERE_bits)
  message(FATAL_ERROR "The two differ.")
endif()
