#include "store/sqlite/term_runs.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>

namespace bascule::store {
namespace {

constexpr std::size_t arena_size = 4 * 1024 * 1024;
constexpr std::size_t read_buffer = 32 * 1024;

struct Header {
    std::int64_t oid;
    std::uint32_t attribute;
    std::uint32_t size;
};

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

    [[nodiscard]] Header header(const Place& place) const {
        Header header;
        std::memcpy(&header, arena.data() + place.offset, sizeof header);
        return header;
    }
    [[nodiscard]] std::string_view value(const Place& place, const Header& header) const {
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
            file.write({arena.data() + place.offset, sizeof(Header) + header(place).size});
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
    if (arena.size() + sizeof(Header) + value.size() > arena_size) {
        spill();
        add(attribute, value, oid);
        return;
    }
    const Header header{
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

namespace {

class Merge final : public BulkRows {
  public:
    explicit Merge(const std::vector<RunFile>& runs) {
        for (const auto& run : runs) {
            heads_.push_back(std::make_unique<Head>(run));
            if (heads_.back()->advance()) {
                order_.push(heads_.back().get());
            }
        }
    }
    bool next() override {
        if (current_ != nullptr && current_->advance()) {
            order_.push(current_);
        }
        if (order_.empty()) {
            return false;
        }
        current_ = order_.top();
        order_.pop();
        return true;
    }
    void column(sqlite3_context* context, int index) const override {
        if (index == 1) {
            sqlite3_result_text(
                context, current_->value.data(), static_cast<int>(current_->value.size()),
                SQLITE_STATIC
            );
        } else {
            sqlite3_result_int64(
                context, index == 0 ? current_->header.attribute : current_->header.oid
            );
        }
    }

  private:
    struct Head {
        explicit Head(const RunFile& run) : reader(run, read_buffer) {}
        bool advance() {
            if (reader.at_end()) {
                return false;
            }
            header = reader.get<Header>();
            value = reader.take(header.size);
            return true;
        }
        RunReader reader;
        Header header{};
        std::string_view value;
    };
    struct Later {
        bool operator()(const Head* left, const Head* right) const {
            if (left->header.attribute != right->header.attribute) {
                return left->header.attribute > right->header.attribute;
            }
            const int order = left->value.compare(right->value);
            return order != 0 ? order > 0 : left->header.oid > right->header.oid;
        }
    };

    std::vector<std::unique_ptr<Head>> heads_;
    std::priority_queue<Head*, std::vector<Head*>, Later> order_;
    Head* current_ = nullptr;
};

}  // namespace

std::unique_ptr<BulkRows> TermRuns::merge() {
    spill();
    runs_.push_back(sorting_.get());
    filling_.reset();
    spare_.reset();
    return std::make_unique<Merge>(runs_);
}

std::int64_t insert_terms(Connection& connection, BulkRows& terms, std::int64_t slice) {
    return insert_bulk(
        connection, "INSERT INTO term(attr,value,oid) SELECT a,b,c FROM bulk_rows", terms, slice
    );
}

}  // namespace bascule::store
