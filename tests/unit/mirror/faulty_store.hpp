#pragma once

#include <memory>
#include <span>
#include <utility>

#include "directory/ports/store.hpp"

namespace bascule::test {

/// What happens to one of the writes.
enum class StoreFault {
    none,
    refused,      ///< nothing is written (a full disk)
    undone,       ///< the work is done and rolled back
    done_twice,   ///< the work is rolled back and done once more, and commits
    died_before,  ///< nothing is written, and the program ends
    died_after,   ///< it is committed, and the program ends before it knows
};

/// The real store, with one fault at a time.
class FaultyStore final : public directory::Store {
  public:
    static constexpr const char* code = "injected_fault";

    explicit FaultyStore(directory::Store& real) : real_(&real) {}

    /// The `writes`th write from now fails in this way.
    void arm(StoreFault fault, unsigned writes) {
        fault_ = fault;
        left_ = writes;
        died_ = false;
    }
    /// The program is to be started again.
    [[nodiscard]] bool died() const { return died_; }
    void use(directory::Store& real) {
        real_ = &real;
        died_ = false;
    }

    Status read(const std::function<Status(directory::Reader&)>& fn) override {
        return real_->read(fn);
    }
    Result<std::unique_ptr<directory::Snapshot>> open_snapshot() override {
        return real_->open_snapshot();
    }
    Status write(
        directory::Durability durability, const std::function<Status(directory::Transaction&)>& fn
    ) override {
        return attempt(
            [&] { return real_->write(durability, fn); },
            [&](bool again) {
                return real_->write(durability, [&](directory::Transaction& transaction) -> Status {
                    const auto in_vain = [&](directory::Transaction& inner) -> Status {
                        BASCULE_CHECK(fn(inner));
                        return injected();
                    };
                    const Status undone = transaction.nested(in_vain);
                    return again && undone.error().code == code ? fn(transaction) : undone;
                });
            }
        );
    }
    Result<directory::SourceId> register_source(std::string_view name) override {
        return real_->register_source(name);
    }
    Result<std::unique_ptr<directory::Loader>> begin_load(std::string_view source) override {
        BASCULE_TRY(auto real, real_->begin_load(source));
        return std::make_unique<FaultyLoader>(*this, std::move(real));
    }
    const directory::Registry& registry() const override { return real_->registry(); }
    Status take_up_registry() override { return real_->take_up_registry(); }
    directory::JournalSignal& journal_signal() override { return real_->journal_signal(); }

  private:
    class FaultyLoader final : public directory::Loader {
      public:
        FaultyLoader(FaultyStore& store, std::unique_ptr<directory::Loader> real)
            : store_(store), real_(std::move(real)) {}
        Status add(
            directory::NewObject object, directory::MirrorEntry entry,
            std::span<const Reference> references
        ) override {
            const auto add = [&] {
                return real_->add(std::move(object), std::move(entry), references);
            };
            return store_.attempt(add, [&](bool again) { return again ? add() : injected(); });
        }
        Status finish(const directory::SourceState& state, directory::JournalRecord record)
            override {
            const auto finish = [&] { return real_->finish(state, std::move(record)); };
            return store_.attempt(finish, [&](bool again) {
                return again ? finish() : injected();
            });
        }

      private:
        FaultyStore& store_;
        std::unique_ptr<directory::Loader> real_;
    };

    static Status injected() {
        return fail(ErrorKind::unavailable, code, "The store was made to fail.");
    }

    template <class Work, class UndoneWork>
    Status attempt(const Work& work, const UndoneWork& undone) {
        if (died_)
            return injected();
        if (fault_ == StoreFault::none || --left_ > 0)
            return work();
        const StoreFault fault = std::exchange(fault_, StoreFault::none);
        died_ = fault == StoreFault::died_before || fault == StoreFault::died_after;
        if (fault == StoreFault::undone || fault == StoreFault::done_twice)
            return undone(fault == StoreFault::done_twice);
        if (fault == StoreFault::died_after)
            BASCULE_CHECK(work());
        return injected();
    }

    directory::Store* real_;
    StoreFault fault_ = StoreFault::none;
    unsigned left_ = 0;
    bool died_ = false;
};

}  // namespace bascule::test
