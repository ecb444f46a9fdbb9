#include "store/sqlite/merged_terms.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <queue>
#include <string_view>
#include <utility>

namespace bascule::store {
namespace {

constexpr std::size_t read_buffer = 32 * 1024;
constexpr std::size_t chunk_size = 64 * 1024;
constexpr std::size_t chunks_ahead = 8;

/// The next term of one run.
struct Head {
    explicit Head(const RunFile& run) : reader(run, read_buffer) {}
    bool advance() {
        if (reader.at_end()) {
            return false;
        }
        header = reader.get<TermHeader>();
        value = reader.take(header.size);
        return true;
    }
    RunReader reader;
    TermHeader header{};
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

void append(std::vector<char>& out, const Head& head) {
    const auto* bytes = reinterpret_cast<const char*>(&head.header);
    out.insert(out.end(), bytes, bytes + sizeof head.header);
    out.insert(out.end(), head.value.begin(), head.value.end());
}

}  // namespace

MergedTerms::MergedTerms(const std::vector<RunFile>& runs)
    : thread_([this, &runs](const std::stop_token& stop) {
          std::exception_ptr failure;
          try {
              merge(stop, runs);
          } catch (...) {
              failure = std::current_exception();
          }
          const std::lock_guard lock(mutex_);
          failure_ = failure;
          ended_ = true;
          changed_.notify_all();
      }) {}

MergedTerms::~MergedTerms() {
    thread_.request_stop();
    thread_.join();
}

void MergedTerms::merge(const std::stop_token& stop, const std::vector<RunFile>& runs) {
    std::vector<std::unique_ptr<Head>> heads;
    std::priority_queue<Head*, std::vector<Head*>, Later> order;
    for (const auto& run : runs) {
        heads.push_back(std::make_unique<Head>(run));
        if (heads.back()->advance()) {
            order.push(heads.back().get());
        }
    }
    Chunk chunk;
    while (!order.empty()) {
        Head* const head = order.top();
        order.pop();
        append(chunk, *head);
        if (head->advance()) {
            order.push(head);
        }
        if (chunk.size() >= chunk_size && !pass_on(stop, chunk)) {
            return;
        }
    }
    static_cast<void>(pass_on(stop, chunk));
}

bool MergedTerms::pass_on(const std::stop_token& stop, Chunk& chunk) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return ready_.size() < chunks_ahead; })) {
        return false;
    }
    ready_.push_back(std::exchange(chunk, {}));
    if (!empty_.empty()) {
        chunk = std::move(empty_.back());
        empty_.pop_back();
        chunk.clear();
    }
    changed_.notify_all();
    return true;
}

bool MergedTerms::take_chunk() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_.empty() || ended_; });
    if (ready_.empty()) {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return false;
    }
    empty_.push_back(std::exchange(chunk_, std::move(ready_.front())));
    ready_.pop_front();
    at_ = 0;
    changed_.notify_all();
    return true;
}

bool MergedTerms::next() {
    while (at_ == chunk_.size()) {
        if (!take_chunk()) {
            return false;
        }
    }
    std::memcpy(&header_, chunk_.data() + at_, sizeof header_);
    value_ = chunk_.data() + at_ + sizeof header_;
    at_ += sizeof header_ + header_.size;
    return true;
}

void MergedTerms::column(sqlite3_context* context, int index) const {
    if (index == 1) {
        sqlite3_result_text(context, value_, static_cast<int>(header_.size), SQLITE_STATIC);
    } else {
        sqlite3_result_int64(context, index == 0 ? header_.attribute : header_.oid);
    }
}

}  // namespace bascule::store
