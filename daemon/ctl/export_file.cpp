#include "daemon/ctl/export_file.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bascule::daemon::ctl {

Result<std::string> file_text(const std::string& path) {
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return fail(
            ErrorKind::unavailable, "unreadable",
            "The file " + path + " cannot be read. Nothing was done."
        );
    }
    return text.str();
}

Status export_lines(const ApiClient& client, const std::string& target, const std::string& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    std::error_code ignored;
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, ignored
    );
    std::uint64_t offset = 0;
    for (;;) {
        BASCULE_TRY(
            const std::string piece, client.text(target + "offset=" + std::to_string(offset))
        );
        if (piece.empty()) {
            break;
        }
        offset += piece.size();
        file << piece;
    }
    file.close();
    return file ? Status()
                : Status(fail(
                      ErrorKind::unavailable, "not_written",
                      "The differences could not be written to " + path + "."
                  ));
}

}  // namespace bascule::daemon::ctl
