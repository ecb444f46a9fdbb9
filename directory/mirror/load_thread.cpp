#include "directory/mirror/load_thread.hpp"

#include <utility>

namespace bascule::mirror {

namespace {

// An entry weighs as much as the names it holds: one is a person or a group of a million.
constexpr std::size_t batch_weight = 4'000;
constexpr std::size_t most_weight = 4 * batch_weight;

std::size_t weight_of(const LoadThread::Arrival& arrival) {
    return 16 + 2 * arrival.mapped.references.size();
}

}  // namespace

LoadThread::LoadThread(std::function<Status(const Arrival&)> work)
    : work_(std::move(work)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

LoadThread::~LoadThread() {
    thread_.request_stop();
    thread_.join();
}

Status LoadThread::add(Arrival arrival) {
    filling_.weight += weight_of(arrival);
    filling_.batch.push_back(std::move(arrival));
    return filling_.weight < batch_weight ? Status() : hand_over();
}

Status LoadThread::hand_over() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
        return weight_ == 0 || weight_ + filling_.weight <= most_weight || !failure_;
    });
    if (!failure_)
        return failure_;
    weight_ += filling_.weight;
    waiting_.push_back(std::exchange(filling_, {}));
    std::vector<Batch> done = std::exchange(done_, {});
    lock.unlock();
    changed_.notify_all();
    for (Batch& batch : done)
        batch.clear();
    if (!done.empty())
        filling_.batch = std::move(done.front());
    return {};
}

Status LoadThread::drain() {
    BASCULE_CHECK(hand_over());
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return weight_ == 0 || !failure_; });
    return failure_;
}

void LoadThread::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !waiting_.empty(); }) && !stop.stop_requested()) {
        Weighed next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        Status done = work_through(next.batch);
        lock.lock();
        weight_ -= next.weight;
        done_.push_back(std::move(next.batch));
        failure_ = std::move(done);
        changed_.notify_all();
        if (!failure_)
            return;
    }
}

Status LoadThread::work_through(const Batch& batch) const {
    for (const Arrival& arrival : batch)
        BASCULE_CHECK(work_(arrival));
    return {};
}

}  // namespace bascule::mirror
