#include "store/sqlite/term_runs.hpp"

#include <algorithm>

#include "store/sqlite/merged_terms.hpp"

namespace bascule::store {
namespace {

constexpr std::size_t arena_size = 4 * 1024 * 1024;

/// A term's place in the arena with enough of its key to decide most comparisons.
struct Place {
    std::uint64_t start;  ///< first eight bytes, big-endian
    std::uint32_t attribute;
    std::uint32_t offset;
};

std::uint64_t first_bytes(std::string_view value) {
    std::uint64_t start = 0;
    for (std::size_t index = 0; index < 8; ++index) {
        start = start << 8 | (index < value.size() ? static_cast<unsigned char>(value[index]) : 0U);
    }
    return start;
}

}  // namespace

struct TermRuns::Buffer {
    std::vector<char> arena;
    std::vector<Place> places;

    [[nodiscard]] TermHeader header(const Place& place) const {
        TermHeader header;
        std::memcpy(&header, arena.data() + place.offset, sizeof header);
        return header;
    }
    [[nodiscard]] std::string_view value(const Place& place, const TermHeader& header) const {
        return {arena.data() + place.offset + sizeof header, header.size};
    }
    [[nodiscard]] bool before(const Place& left, const Place& right) const {
        if (left.attribute != right.attribute) {
            return left.attribute < right.attribute;
        }
        if (left.start != right.start) {
            return left.start < right.start;
        }
        const auto left_header = header(left);
        const auto right_header = header(right);
        const int order = value(left, left_header).compare(value(right, right_header));
        return order != 0 ? order < 0 : left_header.oid < right_header.oid;
    }
    RunFile write(const std::string& path) {
        std::sort(places.begin(), places.end(), [this](const Place& left, const Place& right) {
            return before(left, right);
        });
        RunFile file(path);
        for (const auto& place : places) {
            file.write({arena.data() + place.offset, sizeof(TermHeader) + header(place).size});
        }
        file.flush();
        arena.clear();
        places.clear();
        return file;
    }
};

TermRuns::TermRuns(std::string database_path)
    : path_(std::move(database_path)), filling_(std::make_unique<Buffer>()) {}

TermRuns::~TermRuns() = default;

void TermRuns::add(std::int64_t attribute, std::string_view value, std::int64_t oid) {
    auto& arena = filling_->arena;
    if (arena.size() + sizeof(TermHeader) + value.size() > arena_size) {
        spill();
        add(attribute, value, oid);
        return;
    }
    const TermHeader header{
        oid, static_cast<std::uint32_t>(attribute), static_cast<std::uint32_t>(value.size())};
    filling_->places.push_back(
        {first_bytes(value), header.attribute, static_cast<std::uint32_t>(arena.size())}
    );
    const auto* bytes = reinterpret_cast<const char*>(&header);
    arena.insert(arena.end(), bytes, bytes + sizeof header);
    arena.insert(arena.end(), value.begin(), value.end());
    ++size_;
}

void TermRuns::spill() {
    if (sorting_.valid()) {
        runs_.push_back(sorting_.get());
    }
    std::swap(filling_, spare_);
    if (!filling_) {
        filling_ = std::make_unique<Buffer>();
    }
    filling_->arena.reserve(arena_size);
    sorting_ = std::async(std::launch::async, [this] { return spare_->write(path_); });
}

std::unique_ptr<BulkRows> TermRuns::merge() {
    spill();
    runs_.push_back(sorting_.get());
    filling_.reset();
    spare_.reset();
    return std::make_unique<MergedTerms>(runs_);
}

std::int64_t insert_terms(Connection& connection, BulkRows& terms, std::int64_t slice) {
    return insert_bulk(
        connection, "INSERT INTO term(attr,value,oid) SELECT a,b,c FROM bulk_rows", terms, slice
    );
}

}  // namespace bascule::store
