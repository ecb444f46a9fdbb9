#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "directory/base/result.hpp"
#include "directory/base/uuid.hpp"

namespace bascule::daemon {

/// Differences as lines of JSON in a file, counted and hashed while they are written.
class DifferenceFile {
  public:
    /// `unavailable`/"not_written" when the file cannot be made.
    [[nodiscard]] static Result<std::unique_ptr<DifferenceFile>> create(const std::string& path);

    [[nodiscard]] Status add(std::string_view line);
    /// Mixes in what decides beside the lines.
    void mix(std::string_view text);
    /// Everything is in the file.
    [[nodiscard]] Status finish();

    /// Names the lines in their order and what was mixed in; 32 hexadecimal digits.
    [[nodiscard]] std::string hash() const;
    [[nodiscard]] std::uint64_t lines() const { return lines_; }

  private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using File = std::unique_ptr<std::FILE, Closer>;
    explicit DifferenceFile(File file) : file_(std::move(file)) {}

    File file_;
    Uuid hash_;
    std::uint64_t lines_ = 0;
};

}  // namespace bascule::daemon
