#include "directory/model/journal_signal.hpp"

namespace bascule::directory {

void JournalSignal::announce(std::int64_t sequence) {
    {
        const std::lock_guard lock(mutex_);
        if (sequence <= last_) {
            return;
        }
        last_ = sequence;
    }
    wake_.notify_all();
}

std::int64_t JournalSignal::last() const {
    const std::lock_guard lock(mutex_);
    return last_;
}

bool JournalSignal::wait_beyond(std::int64_t sequence, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, limit, [&] { return closed_ || last_ > sequence; });
    return last_ > sequence;
}

void JournalSignal::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    wake_.notify_all();
}

bool JournalSignal::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

}  // namespace bascule::directory
