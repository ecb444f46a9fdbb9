#include "directory/mirror/echo_book.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/json_text.hpp"

namespace bascule::mirror {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_wait{2};
// A write whose echo never comes, because somebody changed the value again, is forgotten.
constexpr std::chrono::minutes longest_memory{10};

}  // namespace

std::shared_ptr<const void> EchoBook::claim(const Uuid& id) {
    const std::lock_guard lock(mutex_);
    ++entries_[id].writers;
    awaited_ = entries_.size();
    return {this, [id, book = this](const void*) { book->release(id); }};
}

void EchoBook::release(const Uuid& id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(id); found != entries_.end()) {
        --found->second.writers;
        if (found->second.writers <= 0 && !found->second.written) {
            entries_.erase(found);
        }
    }
    const auto now = steady_clock::now();
    std::erase_if(entries_, [now](const auto& one) {
        return one.second.writers <= 0 && now - one.second.since > longest_memory;
    });
    awaited_ = entries_.size();
    freed_.notify_all();
}

void EchoBook::written(const Uuid& id, std::string phones) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[id];
    entry.written = true;
    entry.phones = std::move(phones);
    entry.since = steady_clock::now();
    awaited_ = entries_.size();
}

void EchoBook::heard(const Uuid& id, std::string_view attributes) {
    std::unique_lock lock(mutex_);
    freed_.wait_for(lock, longest_wait, [&] {
        const auto found = entries_.find(id);
        return found == entries_.end() || found->second.writers <= 0;
    });
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.written ||
        json_member(attributes, "phoneNumbers") != found->second.phones) {
        return;
    }
    figures_.last = std::chrono::duration_cast<std::chrono::milliseconds>(
        steady_clock::now() - found->second.since
    );
    figures_.longest = std::max(figures_.longest, figures_.last);
    ++figures_.confirmed;
    found->second.written = false;
    if (found->second.writers <= 0) {
        entries_.erase(found);
    }
    awaited_ = entries_.size();
}

EchoBook::Figures EchoBook::figures() const {
    const std::lock_guard lock(mutex_);
    Figures figures = figures_;
    figures.open = static_cast<std::uint64_t>(std::ranges::count_if(entries_, [](const auto& one) {
        return one.second.written;
    }));
    return figures;
}

}  // namespace bascule::mirror
