#include "store/sqlite/reference_runs.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace bascule::store {
namespace {

struct Record {
    std::int64_t source;
    Digest digest;
    std::uint32_t kind;
    std::uint32_t size;  ///< of the DN key behind it
};

/// Reads the references once for each kind and gathers the targets of one source at a time.
class Edges final : public BulkRows {
  public:
    Edges(
        const ReferenceRuns& runs, std::vector<std::int64_t> kinds, std::int64_t since,
        ReferenceRuns::Leftovers leftovers
    )
        : runs_(runs), kinds_(std::move(kinds)), since_(since), leftovers_(std::move(leftovers)) {}

    bool next() override {
        while (++at_ >= targets_.size()) {
            if (!gather()) {
                return false;
            }
        }
        return true;
    }
    void column(sqlite3_context* context, int index) const override {
        const std::array values{kinds_[pass_], source_, targets_[at_], since_};
        sqlite3_result_int64(context, values.at(static_cast<std::size_t>(index)));
    }

  private:
    bool gather() {
        targets_.clear();
        at_ = static_cast<std::size_t>(-1);
        if (pass_ >= kinds_.size()) {
            return false;
        }
        if (!reader_) {
            reader_.emplace(runs_.file(), 256 * 1024);
            record_.reset();
        }
        if (!record_ && !read_record()) {
            reader_.reset();
            if (++pass_ < kinds_.size()) {
                return true;
            }
            pass_ = kinds_.size();
            return false;
        }
        source_ = record_->source;
        std::int64_t given = 0;
        while (record_ && record_->source == source_) {
            ++given;
            resolve();
            record_.reset();
            static_cast<void>(read_record());
        }
        finish_source(given);
        return true;
    }

    /// The next reference of this pass's kind.
    bool read_record() {
        while (!reader_->at_end()) {
            const auto record = reader_->get<Record>();
            const auto dn_key = reader_->take(record.size);
            if (record.kind == kinds_[pass_]) {
                record_ = record;
                dn_key_.assign(dn_key);
                return true;
            }
        }
        return false;
    }
    void resolve() {
        if (const auto target = runs_.resolve(record_->digest); target != 0) {
            targets_.push_back(target);
        } else {
            leftovers_.unresolved(kinds_[pass_], source_, dn_key_);
        }
    }
    void finish_source(std::int64_t given) {
        std::sort(targets_.begin(), targets_.end());
        targets_.erase(std::unique(targets_.begin(), targets_.end()), targets_.end());
        if (const auto missing = given - static_cast<std::int64_t>(targets_.size()); missing > 0) {
            leftovers_.fewer(source_, missing);
        }
        if (!targets_.empty()) {
            leftovers_.resolved(kinds_[pass_], source_, targets_);
        }
    }

    const ReferenceRuns& runs_;
    std::vector<std::int64_t> kinds_;
    std::int64_t since_;
    ReferenceRuns::Leftovers leftovers_;
    std::size_t pass_ = 0;
    std::optional<RunReader> reader_;
    std::optional<Record> record_;
    std::string dn_key_;
    std::int64_t source_ = 0;
    std::vector<std::int64_t> targets_;
    std::size_t at_ = static_cast<std::size_t>(-1);
};

}  // namespace

void ReferenceRuns::add(directory::EdgeKind kind, std::int64_t source, std::string_view dn_key) {
    const auto number = static_cast<std::int64_t>(kind);
    if (const auto place = std::lower_bound(kinds_.begin(), kinds_.end(), number);
        place == kinds_.end() || *place != number) {
        kinds_.insert(place, number);
    }
    file_.put(Record{
        source, digest_of(dn_key), static_cast<std::uint32_t>(kind),
        static_cast<std::uint32_t>(dn_key.size())});
    file_.write(dn_key);
}

std::int64_t ReferenceRuns::resolve(const Digest& digest) const {
    const auto found = std::lower_bound(
        targets_.begin(), targets_.end(), digest,
        [](const Target& target, const Digest& wanted) { return target.digest < wanted; }
    );
    return found != targets_.end() && found->digest == digest ? found->oid : 0;
}

std::unique_ptr<BulkRows> ReferenceRuns::edges(Time since, Leftovers leftovers) {
    file_.flush();
    std::sort(targets_.begin(), targets_.end(), [](const Target& left, const Target& right) {
        return left.digest < right.digest;
    });
    return std::make_unique<Edges>(
        *this, kinds_, since.time_since_epoch().count(), std::move(leftovers)
    );
}

}  // namespace bascule::store
