#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "directory/ports/clock.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/unit/mirror/registry_fixture.hpp"

namespace bascule::test {

/// A throw-away folder with a store that can be killed.
class StoreFolder {
  public:
    StoreFolder(const std::filesystem::path& above, directory::Clock& clock) : clock_(clock) {
        std::string pattern = above / "bascule-mirror-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~StoreFolder() { std::filesystem::remove_all(folder_); }
    StoreFolder(const StoreFolder&) = delete;
    StoreFolder& operator=(const StoreFolder&) = delete;

    [[nodiscard]] std::unique_ptr<directory::Store> open() {
        const auto folder = folder_ / std::to_string(copies_);
        std::filesystem::create_directories(folder);
        return std::move(
            *store::open_sqlite_store({folder / "mirror.db"}, product_registry(), clock_)
        );
    }
    /// As after a kill of the whole process: goes on with the files as they are at this moment. The
    /// old store's are removed by the call of forget_killed() after it was closed.
    void kill() {
        const auto before = folder_ / std::to_string(copies_);
        const auto next = folder_ / std::to_string(++copies_);
        std::filesystem::create_directories(next);
        // The log first: while it is copied, pages may still go from it into the database.
        for (const char* name : {"mirror.db-wal", "mirror.db"}) {
            if (std::filesystem::exists(before / name))
                std::filesystem::copy(before / name, next / name);
        }
    }
    void forget_killed() { std::filesystem::remove_all(folder_ / std::to_string(copies_ - 1)); }

  private:
    directory::Clock& clock_;
    std::filesystem::path folder_;
    int copies_ = 0;
};

/// Memory, where the machine has a file system in it.
inline std::filesystem::path quick_folder() {
    std::error_code ignored;
    return std::filesystem::is_directory("/dev/shm", ignored)
               ? std::filesystem::path("/dev/shm")
               : std::filesystem::temp_directory_path();
}

}  // namespace bascule::test
