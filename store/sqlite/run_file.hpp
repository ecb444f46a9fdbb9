#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bascule::store {

/// An unnamed scratch file beside the database, readable by nobody else and gone with the process.
/// Written from start to end, then read by any number of RunReaders. Throws SqliteError when the
/// disk refuses.
class RunFile {
  public:
    explicit RunFile(const std::string& database_path);
    ~RunFile();
    RunFile(RunFile&& other) noexcept;
    RunFile(const RunFile&) = delete;
    RunFile& operator=(const RunFile&) = delete;
    RunFile& operator=(RunFile&&) = delete;

    void write(std::string_view bytes);
    template <class T>
    requires std::is_trivially_copyable_v<T>
    void put(const T& value) { write({reinterpret_cast<const char*>(&value), sizeof value}); }
    /// Call once before reading.
    void flush();
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
    std::vector<char> buffer_;
};

/// Reads a RunFile from its start.
class RunReader {
  public:
    RunReader(const RunFile& file, std::size_t buffer_size);

    /// False at the end of the file.
    [[nodiscard]] bool at_end();
    template <class T>
    requires std::is_trivially_copyable_v<T>
    [[nodiscard]] T get() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    /// The next `size` bytes; valid until the next call.
    [[nodiscard]] std::string_view take(std::size_t size);

  private:
    void fill(std::size_t needed);

    int descriptor_;
    std::int64_t position_ = 0;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace bascule::store
