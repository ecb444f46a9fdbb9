#include "daemon/plan/difference_file.hpp"

namespace bascule::daemon {
namespace {

Error not_written() {
    return Error{
        ErrorKind::unavailable,
        "not_written",
        "The differences could not be written beside the database; is the disk full? Nothing was "
        "changed.",
        {},
        {},
        {}};
}

}  // namespace

Result<std::unique_ptr<DifferenceFile>> DifferenceFile::create(const std::string& path) {
    File file(std::fopen(path.c_str(), "we"));
    if (file == nullptr) {
        return fail(not_written());
    }
    return std::unique_ptr<DifferenceFile>(new DifferenceFile(std::move(file)));
}

Status DifferenceFile::add(std::string_view line) {
    mix(line);
    ++lines_;
    const bool written = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                         std::fputc('\n', file_.get()) != EOF;
    return written ? Status() : Status(fail(not_written()));
}

void DifferenceFile::mix(std::string_view text) {
    hash_ = uuid_v5(hash_, text);
}

Status DifferenceFile::finish() {
    return std::fflush(file_.get()) == 0 ? Status() : Status(fail(not_written()));
}

std::string DifferenceFile::hash() const {
    std::string hex = hash_.to_string();
    std::erase(hex, '-');
    return hex;
}

}  // namespace bascule::daemon
