# Slicer checks the extension's description here, and writes it for the catalog.
foreach(_name IN ITEMS HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${_name}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${_name} is missing")
  endif()
  file(APPEND ${CMAKE_BINARY_DIR}/${PROJECT_NAME}.txt "${_name} ${EXTENSION_${_name}}\n")
endforeach()
