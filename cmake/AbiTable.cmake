# Writes abi_headers.h, which includes all headers, and abi_table.inc, which lists what they declare as macros for
# native/core/abi_layout.cpp: NK_STRUCT(type) NK_FIELD(type, field) NK_ENUM(type) NK_ENUMERATOR(type, name)
# NK_ENTRY_POINT(name). Names alone: sizes, offsets and types are the compiler's.
#
# cmake -DCOMPILER=... -DHEADERS=<folder> -DOUTPUT=<folder> -DMSVC=... -P AbiTable.cmake
file(GLOB headers RELATIVE "${HEADERS}" "${HEADERS}/normkernels/*.h")
list(SORT headers)
set(includes "")
foreach(header IN LISTS headers)
  string(APPEND includes "#include <${header}>\n")
endforeach()
file(WRITE "${OUTPUT}/abi_headers.h" "${includes}")

if(MSVC)
  set(preprocess /nologo /EP /TP)
else()
  set(preprocess -E -P -x c++)
endif()
execute_process(
  COMMAND "${COMPILER}" ${preprocess} "-I${HEADERS}" "${OUTPUT}/abi_headers.h"
  OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
# A list of CMake ends its elements with what a declaration of C ends with.
string(REPLACE ";" "@" text "${text}")
string(REGEX REPLACE "[ \t\r\n]+" " " text "${text}")

set(table "")
string(REGEX MATCHALL "typedef enum nk_[a-z0-9_]+ {[^}]*}" enums "${text}")
foreach(enum IN LISTS enums)
  string(REGEX MATCH "nk_[a-z0-9_]+" type "${enum}")
  string(APPEND table "NK_ENUM(${type})\n")
  string(REGEX MATCHALL "NK_[A-Z0-9_]+ =" names "${enum}")
  foreach(name IN LISTS names)
    string(REPLACE " =" "" name "${name}")
    string(APPEND table "NK_ENUMERATOR(${type}, ${name})\n")
  endforeach()
endforeach()

string(REGEX MATCHALL "typedef struct nk_[a-z0-9_]+ {[^}]*}" structs "${text}")
foreach(struct IN LISTS structs)
  string(REGEX MATCH "nk_[a-z0-9_]+" type "${struct}")
  string(APPEND table "NK_STRUCT(${type})\n")
  # A field is the last word before the end of its declaration or the length of its array.
  string(REGEX MATCHALL "[A-Za-z0-9_]+(\\[[^]]*\\])?@" fields "${struct}")
  foreach(field IN LISTS fields)
    string(REGEX MATCH "^[A-Za-z0-9_]+" field "${field}")
    string(APPEND table "NK_FIELD(${type}, ${field})\n")
  endforeach()
endforeach()

string(REGEX MATCHALL "nk_[a-z0-9_]+\\([^()]*\\)@" functions "${text}")
foreach(function IN LISTS functions)
  string(REGEX MATCH "^nk_[a-z0-9_]+" name "${function}")
  string(APPEND table "NK_ENTRY_POINT(${name})\n")
endforeach()

list(LENGTH enums enum_count)
list(LENGTH structs struct_count)
list(LENGTH functions function_count)
if(enum_count EQUAL 0 OR struct_count EQUAL 0 OR function_count EQUAL 0)
  message(FATAL_ERROR "no declarations were found in ${HEADERS}")
endif()
file(WRITE "${OUTPUT}/abi_table.inc" "${table}")
