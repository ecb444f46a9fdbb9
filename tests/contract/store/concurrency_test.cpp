#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;

template <class Factory>
class StoreConcurrency : public StoreContract<Factory> {};
TYPED_TEST_SUITE(StoreConcurrency, Adapters);

TYPED_TEST(StoreConcurrency, ManyWritersAndReadersKeepTheSumWhole) {
    // Each write moves a member from one group to the other; every reader must see both edges
    // together.
    const auto left = this->create(this->new_group("left"));
    const auto right = this->create(this->new_group("right"));
    std::vector<Oid> people;
    for (int index = 0; index < 8; ++index) {
        people.push_back(this->create(this->new_user("u" + std::to_string(index))));
        this->link(left, people.back());
    }
    std::atomic<bool> running{true};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int reader = 0; reader < 3; ++reader) {
        threads.emplace_back([&] {
            while (running) {
                const auto status = this->store->read([&](Reader& r) -> Status {
                    BASCULE_TRY(const auto in_left, r.count_edges(EdgeKind::member, left));
                    BASCULE_TRY(const auto in_right, r.count_edges(EdgeKind::member, right));
                    wrong += in_left + in_right == 8 ? 0 : 1;
                    return {};
                });
                wrong += status ? 0 : 1;
            }
        });
    }
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 8; ++writer) {
        writers.emplace_back([&, writer] {
            for (int step = 0; step < 50; ++step) {
                const auto status = this->write([&](Transaction& t) -> Status {
                    const auto from = step % 2 == 0 ? left : right;
                    const auto to = step % 2 == 0 ? right : left;
                    BASCULE_TRY(
                        const auto removed,
                        t.remove_edge(
                            EdgeKind::member, from, people[static_cast<std::size_t>(writer)]
                        )
                    );
                    BASCULE_TRY(
                        const auto added,
                        t.add_edge(EdgeKind::member, to, people[static_cast<std::size_t>(writer)])
                    );
                    return removed && added ? Status{} : fail(ErrorKind::internal, "lost", "lost");
                });
                wrong += status ? 0 : 1;
            }
        });
    }
    for (auto& thread : writers) {
        thread.join();
    }
    running = false;
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(this->row(left).references, 8U);
    EXPECT_EQ(this->row(right).references, 0U);
}

TYPED_TEST(StoreConcurrency, OneRefusedWriteDoesNotUndoItsNeighbours) {
    this->create(this->new_user("taken"));
    std::atomic<int> refused{0};
    std::atomic<int> made{0};
    std::vector<std::thread> threads;
    for (int writer = 0; writer < 8; ++writer) {
        threads.emplace_back([&, writer] {
            for (int step = 0; step < 20; ++step) {
                const bool bad = (writer + step) % 3 == 0;
                const auto status = this->write([&](Transaction& t) -> Status {
                    const auto name = std::to_string(writer) + "-" + std::to_string(step);
                    BASCULE_TRY(const auto first, t.create(this->new_user(name)));
                    static_cast<void>(first);
                    if (bad) {
                        BASCULE_TRY(const auto second, t.create(this->new_user("taken")));
                        static_cast<void>(second);
                    }
                    return {};
                });
                (status ? made : refused) += 1;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(made + refused, 160);
    EXPECT_GT(refused, 0);
    EXPECT_EQ(
        this->template read<std::uint64_t>([&](Reader& r) { return r.count(this->user()); }),
        static_cast<std::uint64_t>(made) + 1U
    );
}

}  // namespace
}  // namespace bascule::test
