# Two builds of load_test.c have to print the same: cmake -DHERE=... -DTHERE=... -DLIBRARY=... -P same_bits_test.cmake
foreach(program IN ITEMS HERE THERE)
  execute_process(COMMAND "${${program}}" "${LIBRARY}" OUTPUT_VARIABLE ${program}_says COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "${${program}}: ${${program}_says}")
endforeach()
if(NOT HERE_says STREQUAL THERE_says)
  message(FATAL_ERROR "The two differ.")
endif()
