# A kernel object defines its table and nothing else that a linker could pick for another instruction set.
execute_process(COMMAND ${NM} -C --defined-only --extern-only ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
list(FILTER lines EXCLUDE REGEX ":$")
list(LENGTH lines count)
if(NOT count EQUAL 1 OR NOT lines MATCHES " ${EXPECTED}$")
  message(FATAL_ERROR "expected ${EXPECTED} alone, found: ${lines}")
endif()
