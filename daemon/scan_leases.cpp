#include "daemon/scan_leases.hpp"

#include <algorithm>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::daemon {

/// Stands in the book as long as it lives. Made while the book's mutex is held.
class ScanLeases::Held {
  public:
    Held(std::shared_ptr<Book> book, Reading reading)
        : book_(std::move(book)), place_(book_->readings.insert(book_->readings.end(), reading)) {}
    ~Held() {
        const std::lock_guard lock(book_->mutex);
        book_->readings.erase(place_);
        book_->changed.notify_all();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    std::shared_ptr<Book> book_;
    std::list<Reading>::iterator place_;
};

bool ScanLeases::Book::has(std::thread::id thread) const {
    return std::ranges::find(readings, thread, &Reading::thread) != readings.end();
}

bool ScanLeases::Book::is_free(const std::vector<std::string>& servers) const {
    return std::ranges::none_of(readings, [&](const Reading& one) {
        return std::ranges::find_first_of(one.servers, servers) != one.servers.end();
    });
}

ScanLeases::Lease ScanLeases::acquire(
    const std::vector<std::string>& servers, const std::stop_token& stop,
    const std::function<void()>& waits
) {
    if (auto lease = try_acquire(servers)) {
        return lease;
    }
    waits();
    std::unique_lock lock(book_->mutex);
    book_->changed.wait(lock, stop, [&] { return book_->is_free(servers); });
    if (stop.stop_requested()) {
        return nullptr;
    }
    return std::make_shared<const Held>(book_, Reading{std::this_thread::get_id(), servers});
}

ScanLeases::Lease ScanLeases::try_acquire(const std::vector<std::string>& servers) {
    const auto own = std::this_thread::get_id();
    const std::lock_guard lock(book_->mutex);
    if (book_->has(own)) {
        return std::make_shared<const bool>();
    }
    return book_->is_free(servers) ? std::make_shared<const Held>(book_, Reading{own, servers})
                                   : Lease();
}

std::vector<std::string> servers_of(const config::SourceSettings& source) {
    std::vector<std::string> servers;
    for (const std::string& server : source.servers) {
        servers.push_back(to_ascii_lower(server));
    }
    if (!source.srv.empty()) {
        servers.push_back("srv:" + to_ascii_lower(source.srv));
    }
    return servers;
}

}  // namespace bascule::daemon
