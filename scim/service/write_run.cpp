// The transaction of a prepared change, for good or for show.
#include <string>

#include "scim/service/resource_write.hpp"

namespace bascule::scim {
namespace {

using directory::Reader;
using directory::Transaction;

Result<http::Response> answer_of(const ResourceWrite& write, Reader& reader) {
    return write.shows_resource() ? write.answer(reader) : write.bare_answer();
}

constexpr std::string_view rolled_back = "dry_run_rolled_back";

/// What the change would have given, from a transaction that always fails.
Result<http::Response> rehearse(const Engine& engine, ResourceWrite& write) {
    http::Response response;
    const auto transact = [&](Transaction& transaction) -> Status {
        BASCULE_CHECK(write.apply(transaction));
        BASCULE_TRY(response, answer_of(write, transaction));
        return fail(ErrorKind::internal, std::string(rolled_back), "A dry run keeps nothing.");
    };
    const Status outcome = engine.with.store.write(directory::Durability::repeatable, transact);
    if (!outcome && outcome.error().code != rolled_back) {
        return fail(outcome.error());
    }
    note_applied(response, "dry-run");
    return response;
}

Result<http::Response> perform(const Engine& engine, ResourceWrite& write) {
    const auto transact = [&](Transaction& transaction) { return write.apply(transaction); };
    BASCULE_CHECK(engine.with.store.write(directory::Durability::full, transact));
    if (!write.shows_resource()) {
        return write.bare_answer();
    }
    // Read outside the transaction, so that rendering delays no writer.
    http::Response response;
    const auto load = [&](Reader& reader) -> Status {
        return write.answer(reader).map([&](http::Response answer) { response = std::move(answer); }
        );
    };
    BASCULE_CHECK(engine.with.store.read(load));
    return response;
}

}  // namespace

Result<http::Response> carry_out(
    const Engine& engine, ResourceWrite& write, const Preferences& preferences
) {
    const auto run = preferences.dry_run ? rehearse : perform;
    Result<http::Response> outcome = run(engine, write);
    // The object changed between the look at it and the transaction, and only now is a password
    // set.
    if (!outcome && write.needs_hash()) {
        write.hash_password();
        outcome = run(engine, write);
    }
    // The change is right, and the directory that masters the object has to take it first.
    if (!outcome && write.waits_for_source()) {
        BASCULE_CHECK(write.write_to_source(preferences.dry_run));
        outcome = run(engine, write);
    }
    return outcome;
}

}  // namespace bascule::scim
