// Measures the SQLite store alone: first load, reads, pages, durable writes, membership of small
// and large groups.
//   store_bench [users] [folder]      1,000,000 users in the folder for temporary files when not
//   given
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "directory/model/internal_types.hpp"
#include "directory/ports/store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace {

using namespace bascule;
using namespace bascule::directory;
using SteadyClock = std::chrono::steady_clock;

class SystemClock final : public Clock {
  public:
    Time now() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now()
        );
    }
};

[[noreturn]] void stop(const Error& error) {
    fmt::print(stderr, "{}: {} {}\n", error.code, error.detail, error.context);
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) {
        stop(result.error());
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

Registry make_registry() {
    Registry registry;
    register_internal_types(registry);
    const auto text = [](AttributePath path, bool many = false) {
        AttributeSpec spec;
        spec.path = std::move(path);
        spec.searchable = true;
        spec.multi_valued = many;
        return spec;
    };
    TypeSpec user{"User", true, {}};
    for (const char* name :
         {"userName", "externalId", "displayName", "title", "userType", "active"}) {
        user.attributes.push_back(text({"", name, ""}));
    }
    user.attributes[0].unique = true;
    user.attributes.back().type = ValueType::boolean;
    user.attributes.push_back(text({"", "name", "familyName"}));
    user.attributes.push_back(text({"", "name", "givenName"}));
    user.attributes.push_back(text({"", "emails", "value"}, true));
    user.attributes.push_back(text({"", "phoneNumbers", "value"}, true));
    const std::string enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    user.attributes.push_back(text({enterprise, "department", ""}));
    user.attributes.push_back(text({enterprise, "employeeNumber", ""}));
    registry.add(std::move(user));
    registry.add({"Group", true, {text({"", "displayName", ""})}});
    return registry;
}

std::string user_body(std::size_t n) {
    return fmt::format(
        R"({{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user{0:07}@example.org","externalId":"x{1:08x}",)"
        R"("name":{{"formatted":"Given{2} Family{3}","familyName":"Family{3}","givenName":"Given{2}"}},"displayName":"Given{2} Family{3} {0}",)"
        R"("title":"Title {4}","userType":"Employee","preferredLanguage":"en-US","locale":"en-US","timezone":"Europe/Zurich","active":{5},)"
        R"("emails":[{{"value":"user{0:07}@example.org","type":"work","primary":true}}],"phoneNumbers":[{{"value":"+41 44 {0:07}","type":"work"}}],)"
        R"("addresses":[{{"type":"work","streetAddress":"Long Street {0}","locality":"Town {3}","postalCode":"{4:05}","country":"CH"}}],)"
        R"("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{0}","department":"Department {6}","costCenter":"4130"}}}})",
        n, (n * 2654435761U) & 0xffffffffU, n % 1000, n % 5000, n % 1000,
        n % 5 == 0 ? "false" : "true", n % 500
    );
}

std::string key_of(std::string_view rdn) {
    return fmt::format(
        "dc=org\x01"
        "dc=example\x01ou=people\x01{}\x01",
        rdn
    );
}

double seconds_since(SteadyClock::time_point start) {
    return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

std::uint64_t peak_memory_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::strtoull(line.c_str() + 6, nullptr, 10) / 1024;
        }
    }
    return 0;
}

class Bench {
  public:
    Bench(std::size_t users, std::string path) : users_(users), path_(std::move(path)) { open(); }

    void load() {
        const auto source = must(store_->register_source("bench"));
        const auto start = SteadyClock::now();
        auto loader = must(store_->begin_load("bench"));
        for (std::size_t n = 0; n < users_; ++n) {
            const auto rdn = fmt::format("uid=user{:07}", n);
            must(loader->add(new_user(n, rdn), entry(rdn), {}));
        }
        const std::size_t groups = users_ / 100;
        for (std::size_t n = 0; n < groups; ++n) {
            add_group(*loader, n, 100);
        }
        add_group(*loader, groups, std::min<std::size_t>(users_, 100'000));
        const double rows = seconds_since(start);
        const auto memory = peak_memory_mib();
        SourceState state;
        state.name = "bench";
        state.id = source;
        state.phase = "live";
        must(loader->finish(state, {}));
        const double all = seconds_since(start);
        fmt::print(
            "load: {} users, {} groups, {} references in {:.1f} s (adding {:.1f}, finishing "
            "{:.1f}), {:.0f} users/s, peak {} MiB ({} while adding), file {} MiB\n",
            users_, groups + 1, references_, all, rows, all - rows,
            static_cast<double>(users_) / all, peak_memory_mib(), memory,
            std::filesystem::file_size(path_) / 1048576
        );
    }

    void reopen() {
        store_.reset();
        const auto start = SteadyClock::now();
        open();
        must(store_->read([&](Reader& reader) -> Status {
            return reader.find(id_of("uid=user0000001")) ? Status{}
                                                         : fail(ErrorKind::internal, "x", "x");
        }));
        fmt::print("reopen and first get: {:.1f} ms\n", seconds_since(start) * 1000);
    }

    void reads() {
        std::mt19937 random(1);
        std::vector<Uuid> ids(20000);
        std::vector<std::string> names(20000);
        for (std::size_t at = 0; at < ids.size(); ++at) {
            const auto n = random() % users_;
            ids[at] = id_of(fmt::format("uid=user{:07}", n));
            names[at] = fmt::format("user{:07}@example.org", n);
        }
        measure("get by id", ids.size(), [&](Reader& reader, std::size_t at) {
            return reader.find(ids[at]).has_value();
        });
        const auto user_name = attribute("userName");
        measure("find_by_term userName", names.size(), [&](Reader& reader, std::size_t at) {
            return must(reader.find_by_term(user_name, names[at], 2)).size() == 1;
        });
        Query query = users_where(eq("userName", names[0]));
        measure("query userName eq", names.size(), [&](Reader& reader, std::size_t at) {
            query.filter.value = names[at];
            return must(reader.query(query)).total == 1;
        });
        shape(
            "title eq, 1/1000 of all, first 100", users_where(eq("title", std::string("Title 7")))
        );
        Query both = users_where({});
        both.filter.kind = Filter::Kind::all_of;
        both.filter.children = {eq("active", true), eq("title", std::string("Title 7"))};
        shape("active and title, first 100", both);
        Query contains = users_where(eq("displayName", std::string("amily42 ")));
        contains.filter.op = Operator::co;
        shape("displayName co", contains, 5);
        Query page;
        page.type = registry_.type("User");
        shape("page of 100 at 0", page);
        page.offset = users_ * 9 / 10;
        shape("page of 100 at 90 %", page);
        page.offset = 0;
        page.sort = Sort{attribute("name", "familyName"), RowField::id, false};
        shape("sorted by familyName, first 100", page);
        Query few = users_where(eq("title", std::string("Title 7")));
        few.sort = page.sort;
        shape("title eq sorted by familyName", few);
        const auto group = find(fmt::format("cn=group{}", users_ / 100));
        measure("100,000 members, pages of 1,000", 5, [&](Reader& reader, std::size_t) {
            Oid after{};
            std::size_t seen = 0;
            for (;;) {
                const auto rows = must(reader.edge_targets(EdgeKind::member, group, after, 1000));
                seen += rows.size();
                if (rows.size() < 1000) {
                    return seen > 0;
                }
                after = rows.back().oid;
            }
        });
        const auto someone = find("uid=user0000042");
        measure("groups of a user", 20000, [&](Reader& reader, std::size_t) {
            return !must(reader.reaching(EdgeKind::member, someone)).empty();
        });
    }

    void writes() {
        for (const int producers : {1, 8, 32}) {
            write_run(producers);
        }
    }

    void members() {
        member_run("group of 100", find("cn=group0"));
        member_run("group of 100,000", find(fmt::format("cn=group{}", users_ / 100)));
    }

  private:
    void open() { store_ = must(store::open_sqlite_store({path_}, registry_, clock_)); }
    static Uuid id_of(std::string_view rdn) { return uuid_v5(Uuid{}, rdn); }
    NewObject new_user(std::size_t n, std::string_view rdn) {
        return {id_of(rdn),      registry_.type("User"),
                SourceId::local, fmt::format("Given{} Family{}", n % 1000, n % 5000),
                user_body(n),    ""};
    }
    MirrorEntry entry(const std::string& rdn) {
        MirrorEntry made;
        made.anchor = id_of(rdn);
        made.dn = rdn + ",ou=people,dc=example,dc=org";
        made.dn_key = key_of(rdn);
        made.csn = "20261122003659.123456Z#000000#000#000000";
        return made;
    }
    void add_group(Loader& loader, std::size_t n, std::size_t size) {
        const auto rdn = fmt::format("cn=group{}", n);
        std::vector<Loader::Reference> references;
        for (std::size_t member = 0; member < size; ++member) {
            references.push_back(
                {EdgeKind::member,
                 key_of(fmt::format("uid=user{:07}", (n * 7919 + member) % users_))}
            );
        }
        references_ += size;
        must(loader.add(
            {id_of(rdn), registry_.type("Group"), SourceId::local, rdn,
             fmt::format(R"({{"displayName":"Group {}"}})", n), ""},
            entry(rdn), references
        ));
    }
    AttributeId attribute(std::string name, std::string sub = "") {
        return *registry_.find_attribute(
            registry_.type("User"), {"", std::move(name), std::move(sub)}
        );
    }
    Filter eq(std::string name, FilterValue value) {
        Filter filter;
        filter.kind = Filter::Kind::comparison;
        filter.attribute = attribute(std::move(name));
        filter.spec = registry_.spec(*filter.attribute);
        filter.value = std::move(value);
        return filter;
    }
    Query users_where(Filter filter) {
        Query query;
        query.type = registry_.type("User");
        query.filter = std::move(filter);
        return query;
    }
    Oid find(std::string_view rdn) {
        Oid oid{};
        must(store_->read([&](Reader& reader) -> Status {
            BASCULE_TRY(const auto row, reader.find_row(id_of(rdn)));
            oid = row ? row->oid : Oid{};
            return {};
        }));
        return oid;
    }
    static void report(std::string_view name, std::vector<double> micros, double seconds) {
        std::sort(micros.begin(), micros.end());
        fmt::print(
            "{:45} p50 {:9.1f} µs  p99 {:9.1f} µs  {:9.0f}/s\n", name, micros[micros.size() / 2],
            micros[micros.size() * 99 / 100], static_cast<double>(micros.size()) / seconds
        );
    }
    template <class Fn>
    void measure(std::string_view name, std::size_t times, const Fn& fn) {
        std::vector<double> micros;
        const auto all = SteadyClock::now();
        for (std::size_t at = 0; at < times; ++at) {
            const auto start = SteadyClock::now();
            bool good = false;
            must(store_->read([&](Reader& reader) -> Status {
                good = fn(reader, at);
                return {};
            }));
            if (!good) {
                fmt::print(stderr, "{}: wrong answer\n", name);
                std::exit(1);
            }
            micros.push_back(seconds_since(start) * 1e6);
        }
        report(name, std::move(micros), seconds_since(all));
    }
    void shape(std::string_view name, const Query& query, std::size_t times = 20) {
        measure(name, times, [&](Reader& reader, std::size_t) {
            return reader.query(query).has_value();
        });
    }

    void write_run(int producers) {
        std::atomic<bool> running{true};
        std::vector<std::vector<double>> micros(static_cast<std::size_t>(producers));
        std::vector<std::thread> threads;
        const auto start = SteadyClock::now();
        for (int producer = 0; producer < producers; ++producer) {
            threads.emplace_back([&, producer] {
                std::mt19937 random(static_cast<unsigned>(producer));
                while (running) {
                    const auto begin = SteadyClock::now();
                    must(write_one(random() % users_, random()));
                    micros[static_cast<std::size_t>(producer)].push_back(
                        seconds_since(begin) * 1e6
                    );
                }
            });
        }
        std::this_thread::sleep_for(std::chrono::seconds(3));
        running = false;
        for (auto& thread : threads) {
            thread.join();
        }
        const double seconds = seconds_since(start);
        std::vector<double> all;
        for (const auto& part : micros) {
            all.insert(all.end(), part.begin(), part.end());
        }
        report(fmt::format("durable update, {} producers", producers), std::move(all), seconds);
    }
    Status write_one(std::size_t n, std::uint64_t stamp) {
        const auto id = id_of(fmt::format("uid=user{:07}", n));
        return store_->write(Durability::full, [&](Transaction& transaction) -> Status {
            BASCULE_TRY(auto object, transaction.find(id));
            auto body = user_body(n);
            body.replace(body.find("\"Title ") + 7, 1, std::to_string(stamp % 1000));
            BASCULE_TRY(
                const auto changed,
                transaction.update(object->row.oid, std::move(body), "", object->row.display)
            );
            static_cast<void>(changed);
            JournalRecord record;
            record.activity = "Update user";
            record.origin = "SCIM";
            record.actor.name = "bench";
            record.target = id;
            return transaction.append(std::move(record));
        });
    }
    void member_run(std::string_view name, Oid group) {
        std::mt19937 random(5);
        std::vector<double> micros;
        const auto all = SteadyClock::now();
        while (seconds_since(all) < 2) {
            const auto user = find(fmt::format("uid=user{:07}", random() % users_));
            const auto start = SteadyClock::now();
            must(store_->write(Durability::full, [&](Transaction& transaction) -> Status {
                BASCULE_TRY(const auto added, transaction.add_edge(EdgeKind::member, group, user));
                if (!added) {
                    BASCULE_TRY(
                        const auto removed, transaction.remove_edge(EdgeKind::member, group, user)
                    );
                    static_cast<void>(removed);
                }
                return {};
            }));
            micros.push_back(seconds_since(start) * 1e6);
        }
        report(
            fmt::format("add or remove one member, {}", name), std::move(micros), seconds_since(all)
        );
    }

    std::size_t users_;
    std::string path_;
    Registry registry_ = make_registry();
    SystemClock clock_;
    std::unique_ptr<Store> store_;
    std::size_t references_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const std::size_t users = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    std::string folder =
        (argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path()) /
        "bascule-bench-XXXXXX";
    if (users < 1000 || ::mkdtemp(folder.data()) == nullptr) {
        fmt::print(stderr, "usage: store_bench [users, at least 1000] [folder]\n");
        return 2;
    }
    {
        Bench bench(users, folder + "/store.db");
        bench.load();
        bench.reopen();
        bench.reads();
        bench.writes();
        bench.members();
    }
    std::filesystem::remove_all(folder);
    return 0;
}
