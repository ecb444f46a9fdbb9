# cmake -DOUTPUT=x.cpp -DHEADER=declares.hpp -DNAMESPACE=a::b -DFUNCTION=f -DFILES="a.json,b.json" -P embed_text.cmake
# Writes a source that defines `std::span<const EmbeddedFile> f()`, so that the program needs no file at run time.
string(REPLACE "," ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
  file(READ "${file}" text)
  get_filename_component(name "${file}" NAME_WE)
  string(APPEND entries "    EmbeddedFile{\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE "${OUTPUT}.new" "#include \"${HEADER}\"

namespace ${NAMESPACE} {

namespace {
constexpr EmbeddedFile files[] = {
${entries}};
}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() { return files; }

}  // namespace ${NAMESPACE}
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different "${OUTPUT}.new" "${OUTPUT}")
file(REMOVE "${OUTPUT}.new")
file(TOUCH_NOCREATE "${OUTPUT}")
