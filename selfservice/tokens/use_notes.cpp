#include "selfservice/tokens/use_notes.hpp"

#include <utility>

namespace bascule::selfservice {

UseNotes::UseNotes(Write write)
    : write_(std::move(write)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void UseNotes::note(const Uuid& token, Time when) {
    const std::scoped_lock lock(mutex_);
    if (writing_.contains(token) || !waiting_.emplace(token, when).second) {
        return;
    }
    ++noted_;
    changed_.notify_all();
}

void UseNotes::settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, before = noted_] { return written_ >= before; });
}

void UseNotes::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
        writing_ = std::exchange(waiting_, {});
        const auto last = noted_;
        lock.unlock();
        write_(writing_);  // nobody else changes it
        lock.lock();
        writing_.clear();
        written_ = last;
        changed_.notify_all();
    }
}

}  // namespace bascule::selfservice
