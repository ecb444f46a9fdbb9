# One interface target carries the language level, warnings, hardening and the include root.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(bascule_options INTERFACE)
target_compile_features(bascule_options INTERFACE cxx_std_20)
target_include_directories(bascule_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(
  bascule_options
  INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
            -Woverloaded-virtual -Wimplicit-fallthrough -Werror -fstack-protector-strong
            $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_compile_definitions(bascule_options INTERFACE SPDLOG_FMT_EXTERNAL)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(BASCULE_SANITIZER STREQUAL "address")
  target_compile_options(bascule_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
                         -Wno-maybe-uninitialized)  # g++ 12 sees ghosts in instrumented std::string
  target_link_options(bascule_options INTERFACE -fsanitize=address,undefined)
elseif(BASCULE_SANITIZER STREQUAL "thread")
  target_compile_options(bascule_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  target_link_options(bascule_options INTERFACE -fsanitize=thread)
endif()

# bascule_module(NAME SOURCES ... DEPENDS ... LIBRARIES ...): one static library per folder.
# DEPENDS are other modules (public), LIBRARIES third-party targets (private).
function(bascule_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(bascule_${name} STATIC ${arg_SOURCES})
  target_link_libraries(bascule_${name} PUBLIC bascule_options tl::expected fmt::fmt Threads::Threads)
  foreach(module IN LISTS arg_DEPENDS)
    target_link_libraries(bascule_${name} PUBLIC bascule_${module})
  endforeach()
  target_link_libraries(bascule_${name} PRIVATE ${arg_LIBRARIES})
endfunction()

# bascule_test(NAME LABEL SOURCES ... DEPENDS ... LIBRARIES ... [TIMEOUT s] [SERIAL] [FILTER pattern]):
# one GoogleTest program. FILTER leaves out what only other tests call.
function(bascule_test name label)
  cmake_parse_arguments(arg "SERIAL;WHOLE" "TIMEOUT;FILTER" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  foreach(module IN LISTS arg_DEPENDS)
    target_link_libraries(${name} PRIVATE bascule_${module})
  endforeach()
  target_link_libraries(${name} PRIVATE bascule_options GTest::gmock GTest::gtest_main ${arg_LIBRARIES})
  target_compile_options(${name} PRIVATE -Wno-conversion)
  set(properties LABELS ${label} TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(arg_FILTER)
    set(filter TEST_FILTER ${arg_FILTER})
  endif()
  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties})
    return()
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 ${filter} PROPERTIES ${properties})
endfunction()
