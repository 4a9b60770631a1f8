# Stands in for the SlicerConfig.cmake of a Slicer build tree: what the extension's CMakeLists use
# of it. An extension finds it with -DSlicer_DIR=<this folder>.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/ExtensionCPack.cmake)
set(Slicer_USE_PYTHONQT ON)

# Slicer's names of folders for a release 5.13.
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.13/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR ${Slicer_QTSCRIPTEDMODULES_LIB_DIR})

# What tests are run with; none is run here.
set(Slicer_LAUNCHER_EXECUTABLE ${CMAKE_COMMAND})
set(Slicer_ExternalData_DATA_MANAGEMENT_TARGET SlicerData)
