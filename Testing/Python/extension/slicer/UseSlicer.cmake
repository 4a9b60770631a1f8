# Macros of Slicer that the extension calls, with the meaning they have there.
include(CTest)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# Slicer copies scripts and resources into the build tree under the names given, which must be of
# files that exist, compiles the scripts to a .pyc beside each, and installs that whole folder.
macro(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(_module "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(_module_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule does not know ${_module_UNPARSED_ARGUMENTS}")
  endif()
  set(_built ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
  set(_outputs)
  foreach(_file IN LISTS _module_SCRIPTS _module_RESOURCES)
    if(IS_ABSOLUTE "${_file}" OR NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${_file}")
      message(FATAL_ERROR "slicerMacroBuildScriptedModule needs relative names of files: ${_file}")
    endif()
    add_custom_command(
      OUTPUT ${_built}/${_file}
      COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/${_file} ${_built}/${_file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${_file}
      )
    list(APPEND _outputs ${_built}/${_file})
  endforeach()
  list(TRANSFORM _module_SCRIPTS PREPEND ${_built}/ OUTPUT_VARIABLE _scripts)
  list(JOIN _scripts "\n" _names)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/scripts.txt "${_names}\n")
  list(JOIN _module_SCRIPTS "\n" _scripts)
  list(JOIN _module_RESOURCES "\n" _resources)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/files.txt "${_scripts}\n${_resources}\n")
  add_custom_target(${_module_NAME} ALL
    COMMAND ${Python3_EXECUTABLE} -m compileall -q -b -f -i ${CMAKE_CURRENT_BINARY_DIR}/scripts.txt
    DEPENDS ${_outputs}
    )
  install(DIRECTORY ${_built}/ DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR})
endmacro()

# Tests run inside Slicer, which is not here: their names are kept, and that their script exists.
macro(slicer_add_python_unittest)
  cmake_parse_arguments(_test "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  _slicer_test(${_test_SCRIPT} "${_test_TESTNAME_PREFIX}")
endmacro()

macro(slicer_add_python_test)
  cmake_parse_arguments(_test "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS;SCRIPT_ARGS" ${ARGN})
  _slicer_test(${_test_SCRIPT} "${_test_TESTNAME_PREFIX}")
endmacro()

function(ExternalData_add_test target)
  add_test(${ARGN})
endfunction()

function(_slicer_test script prefix)
  get_filename_component(_path ${script} ABSOLUTE)
  if(NOT EXISTS ${_path})
    message(FATAL_ERROR "There is no test ${script}")
  endif()
  get_filename_component(_name ${script} NAME_WE)
  add_test(NAME py_${prefix}${_name} COMMAND ${CMAKE_COMMAND} -E false)
endfunction()
