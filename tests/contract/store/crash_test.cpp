#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <random>
#include <thread>

#include "fixture.hpp"

namespace bascule::test {
namespace {

using namespace directory;

std::string integrity(const std::string& path) {
    sqlite3* handle = nullptr;
    std::string answer = "cannot be opened";
    if (sqlite3_open(path.c_str(), &handle) == SQLITE_OK) {
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, nullptr);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        }
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle);
    return answer;
}

/// Children of a test run this program again with an environment variable, because a store has
/// threads and a fork of them is of no use.
class Child {
  public:
    Child(const std::string& task, const std::string& path) {
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[1], 3);
            ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
            ::setenv("BASCULE_CRASH_TASK", task.c_str(), 1);
            ::setenv("BASCULE_CRASH_PATH", path.c_str(), 1);
            ::execl(
                "/proc/self/exe", "store_contract_test", "--gtest_filter=CrashChild.*", nullptr
            );
            ::_exit(127);
        }
        ::close(ends[1]);
        read_end_ = ends[0];
    }
    ~Child() {
        kill();
        ::close(read_end_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    void kill() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = 0;
        }
    }
    /// What the child reported, 4 bytes each; ends when the child does.
    std::vector<int> reported() {
        std::vector<int> numbers;
        int number = 0;
        while (::read(read_end_, &number, sizeof number) == sizeof number) {
            numbers.push_back(number);
        }
        return numbers;
    }
    [[nodiscard]] bool wait_for_report() {
        int number = 0;
        return ::read(read_end_, &number, sizeof number) == sizeof number;
    }

  private:
    pid_t pid_ = 0;
    int read_end_ = -1;
};

void report(int number) {
    ASSERT_EQ(::write(3, &number, sizeof number), static_cast<ssize_t>(sizeof number));
}

NewObject numbered_user(const Registry& registry, int number) {
    const auto name = "u" + std::to_string(number);
    return {
        uuid_v5(Uuid{}, name),
        registry.type("User"),
        SourceId::local,
        name,
        R"({"userName":")" + name + R"("})",
        ""};
}

/// Four threads create users, each of a range of its own, and report what was acknowledged.
void create_until_killed(Store& store) {
    std::vector<std::thread> threads;
    for (int lane = 0; lane < 4; ++lane) {
        threads.emplace_back([&store, lane] {
            for (int number = lane;; number += 4) {
                const auto object = numbered_user(store.registry(), number);
                const auto taken = store.write(Durability::full, [&](Transaction& t) -> Status {
                    auto made = t.create(object);
                    return made                               ? t.append({})
                           : made.error().code == "id_in_use" ? Status{}
                                                              : fail(made.error());
                });
                if (taken) {
                    report(number);
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

void load_until_killed(Store& store) {
    ASSERT_TRUE(store.register_source("corp"));
    auto loader = store.begin_load("corp");
    ASSERT_TRUE(loader);
    report(1);
    for (int number = 0; number < 40'000; ++number) {
        auto object = numbered_user(store.registry(), number);
        MirrorEntry entry;
        entry.anchor = object.id;
        entry.dn_key = object.display + "\1";
        ASSERT_TRUE((*loader)->add(std::move(object), std::move(entry), {}));
    }
    SourceState state;
    state.name = "corp";
    state.phase = "live";
    ASSERT_TRUE((*loader)->finish(state, {}));
    report(2);
    std::this_thread::sleep_for(std::chrono::minutes(1));
}

TEST(CrashChild, CarriesOutTheTaskOfItsParent) {
    const char* task = ::getenv("BASCULE_CRASH_TASK");
    if (task == nullptr) {
        GTEST_SKIP() << "is run by the other tests of this file";
    }
    const auto registry = test_registry();
    const SteppingClock clock;
    auto store = store::open_sqlite_store({::getenv("BASCULE_CRASH_PATH")}, registry, clock);
    ASSERT_TRUE(store) << store.error().detail << store.error().context;
    if (std::string_view(task) == "create") {
        create_until_killed(**store);
    } else {
        load_until_killed(**store);
    }
}

class StoreCrash : public StoreContract<SqliteFactory> {};

TEST_F(StoreCrash, NothingAcknowledgedIsLostWhenTheProcessIsKilled) {
    store.reset();
    std::mt19937 random(7);
    std::size_t acknowledged = 0;
    for (int round = 0; round < 50; ++round) {
        Child child("create", factory.path());
        ASSERT_TRUE(child.wait_for_report());
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
        child.kill();
        const auto numbers = child.reported();
        acknowledged += numbers.size();
        store = factory.open();
        ASSERT_TRUE(store);
        for (const auto number : numbers) {
            const auto object = numbered_user(factory.registry, number);
            ASSERT_TRUE(read<std::optional<Object>>([&](Reader& r) { return r.find(object.id); }))
                << "round " << round;
        }
        Query all;
        all.type = user();
        all.limit = 0;
        const auto kept = read<std::uint64_t>([&](Reader& r) { return r.count(user()); });
        all.filter = combined(Filter::Kind::negation, {where("title", Operator::pr, {})});
        ASSERT_EQ(query(all).total, kept);
        ASSERT_EQ(
            read<std::int64_t>([&](Reader& r) { return r.last_sequence(); }),
            static_cast<std::int64_t>(kept)
        );
        store.reset();
        ASSERT_EQ(integrity(factory.path()), "ok");
    }
    EXPECT_GT(acknowledged, 100U);
}

TEST_F(StoreCrash, LoadThatWasKilledLeavesNothingOrEverything) {
    create(new_user("local"));
    store.reset();
    for (int round = 0; round < 40;
         ++round) {  // killed a little later each time, until it was done
        {
            Child child("load", factory.path());
            ASSERT_TRUE(child.wait_for_report());
            std::this_thread::sleep_for(std::chrono::milliseconds(45 * round));
            child.kill();
        }
        store = factory.open();
        ASSERT_TRUE(store);
        const auto state =
            read<std::optional<SourceState>>([](Reader& r) { return r.source_state("corp"); });
        const bool whole = state && state->phase == "live";
        const std::uint64_t expected = whole ? 40'001U : 1U;
        EXPECT_EQ(read<std::uint64_t>([&](Reader& r) { return r.count(user()); }), expected);
        Query all;
        all.type = user();
        all.filter = where("userName", Operator::pr, {});
        all.limit = 1;
        EXPECT_EQ(query(all).total, expected);
        EXPECT_EQ(by_user_name("local").size(), 1U);
        EXPECT_EQ(by_user_name("u7").size(), whole ? 1U : 0U);
        store.reset();
        ASSERT_EQ(integrity(factory.path()), "ok");
        if (whole) {
            break;
        }
    }
}

TEST_F(StoreCrash, FullDiskRefusesAndRecoversWhenThereIsRoom) {
    create(new_user("before"));
    struct rlimit usual {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
    const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
    struct rlimit tight = usual;
    tight.rlim_cur = 400 * 1024;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    Status status;
    int written = 0;
    const std::string padding(20'000, 'x');
    for (; status && written < 1000; ++written) {
        status = write([&](Transaction& t) -> Status {
            auto made = t.create(
                new_user("n" + std::to_string(written), R"(,"nickName":")" + padding + R"(")")
            );
            return made ? Status{} : fail(made.error());
        });
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
    ::signal(SIGXFSZ, old_handler);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(status.error().code, "store_full");
    EXPECT_EQ(by_user_name("before").size(), 1U);
    create(new_user("after"));
    EXPECT_EQ(by_user_name("after").size(), 1U);
    EXPECT_EQ(
        read<std::uint64_t>([&](Reader& r) { return r.count(user()); }),
        static_cast<std::uint64_t>(written) + 1U
    );
    store.reset();
    EXPECT_EQ(integrity(factory.path()), "ok");
}

}  // namespace
}  // namespace bascule::test
