#include "daemon/events/async_requests.hpp"

#include <algorithm>
#include <array>

#include "directory/base/log.hpp"
#include "directory/base/text.hpp"
#include "scim/events/event_uris.hpp"
#include "scim/service/preference.hpp"
#include "scim/service/scim_error.hpp"

namespace bascule::daemon {

using directory::Durability;
using directory::JournalRecord;
using directory::Object;
using directory::Reader;
using directory::Transaction;
using http::Response;

namespace {

constexpr std::size_t most_waiting = 1000;
constexpr std::size_t most_of_client = 100;
constexpr std::chrono::seconds try_later{5};
constexpr std::chrono::hours keep_answers{24};
constexpr std::chrono::minutes forget_every{10};
/// What a waiting client leaves for sending the answer.
constexpr std::chrono::milliseconds reserve{500};

/// What a request means does not hang on the rest of its headers.
std::vector<std::pair<std::string, std::string>> kept_headers(const http::Request& request) {
    constexpr std::array names{"content-type", "if-match", "if-none-match"};
    std::vector<std::pair<std::string, std::string>> kept;
    for (const char* const name : names) {
        if (const std::string_view value = request.header(name); !value.empty()) {
            kept.emplace_back(name, value);
        }
    }
    return kept;
}

Error too_many(const std::string& detail) {
    return Error{ErrorKind::unavailable, "too_many_async_requests", detail, {}, {}, try_later};
}

}  // namespace

AsyncRequests::AsyncRequests(directory::Store& store, const directory::Clock& clock)
    : store_(store), clock_(clock), type_(store.registry().type("AsyncRequest")) {}

AsyncRequests::~AsyncRequests() = default;

void AsyncRequests::set_public_url(std::string url) {
    const std::lock_guard lock(mutex_);
    public_url_ = std::move(url);
}

Status AsyncRequests::start(Run run) {
    run_ = std::move(run);
    BASCULE_CHECK(recover());
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    return {};
}

void AsyncRequests::stop() {
    thread_.request_stop();
    work_waits_.notify_all();
    answered_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

/// Puts what is not answered into the queue, in the order of arrival.
Status AsyncRequests::recover() {
    std::vector<AsyncRequest> found;
    BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
        found.clear();
        directory::Query query;
        query.type = type_;
        query.limit = 500;
        for (bool more = true; more; query.offset += query.limit) {
            BASCULE_TRY(const auto page, reader.query(query));
            more = page.objects.size() == query.limit;
            for (const Object& object : page.objects) {
                if (auto request = async_request_of(object); request && !request->completed) {
                    found.push_back(*std::move(request));
                }
            }
        }
        return {};
    }));
    std::ranges::sort(found, {}, [](const AsyncRequest& request) {
        return std::pair(request.sequence, request.id);
    });
    std::map<std::string, JournalRecord> carried_out;
    if (!found.empty()) {
        BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
            directory::JournalQuery query;
            query.after = found.front().sequence;
            query.limit = 1000;
            for (bool more = true; more;) {
                BASCULE_TRY(const auto records, reader.journal(query));
                more = records.size() == query.limit;
                for (const JournalRecord& record : records) {
                    query.after = record.sequence;
                    const bool change = record.outcome == directory::Outcome::success &&
                                        !record.request_id.empty() &&
                                        record.activity != scim::events::async_activity;
                    if (change) {
                        carried_out.emplace(record.request_id, record);
                    }
                }
            }
            return {};
        }));
    }
    for (AsyncRequest& request : found) {
        if (const auto record = carried_out.find(request.id.to_string());
            record != carried_out.end()) {
            const Response answer = answer_after_crash(request, record->second, public_url_);
            BASCULE_CHECK(complete(request, answer));
            continue;
        }
        const std::lock_guard lock(mutex_);
        ++waiting_of_[request.client];
        queue_.push_back(std::make_shared<Job>(Job{std::move(request), false, std::nullopt}));
    }
    return {};
}

Status AsyncRequests::keep(AsyncRequest& request) {
    return store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(request.sequence, transaction.last_sequence());
        directory::NewObject object;
        object.id = request.id;
        object.type = type_;
        object.body = async_request_body(request);
        return transaction.create(std::move(object)).map([](directory::Oid) {});
    });
}

std::optional<Response> AsyncRequests::accept(
    const http::Request& request, const http::RequestContext& context, const access::Caller& caller
) {
    const scim::Preferences preferences = scim::preferences_of(request);
    const bool program = caller.actor.kind == directory::ActorKind::token && caller.actor.id;
    // Later it would run with all the scopes of its client.
    if (!preferences.respond_async || preferences.dry_run || !program || caller.narrowed ||
        may_carry_password(request.body)) {
        return std::nullopt;
    }
    auto job = std::make_shared<Job>();
    job->awaited = preferences.wait.has_value();
    AsyncRequest& kept = job->request;
    kept.id = uuid_v7(clock_.now());
    kept.client = *caller.actor.id;
    kept.client_name = caller.actor.name;
    kept.source_address = context.source_address;
    kept.request = {request.method,        request.path, request.query,
                    kept_headers(request), request.body, {}};
    kept.accepted = clock_.now();
    {
        const std::lock_guard lock(mutex_);
        std::size_t& own = waiting_of_[kept.client];
        if (queue_.size() >= most_waiting || own >= most_of_client) {
            return scim::scim_error(
                too_many("Too many requests wait to be carried out; send it again later."),
                context.request_id
            );
        }
        ++own;
    }
    const Uuid id = kept.id;
    if (const Status stored = keep(kept); !stored) {
        const std::lock_guard lock(mutex_);
        --waiting_of_[kept.client];
        return scim::scim_error(stored.error(), context.request_id);
    }
    std::string location = "/events/v1/async/" + id.to_string();
    {
        const std::lock_guard lock(mutex_);
        location.insert(0, public_url_);
        queue_.push_back(job);
    }
    work_waits_.notify_one();
    if (preferences.wait) {
        const auto until = std::min(
            std::chrono::steady_clock::now() + *preferences.wait, context.deadline - reserve
        );
        if (auto response = await(job, until)) {
            return response;
        }
    }
    Response accepted;
    accepted.status = 202;
    accepted.set("Set-Txn", id.to_string());
    accepted.set("Location", std::move(location));
    scim::note_applied(accepted, "respond-async");
    return accepted;
}

std::optional<Response> AsyncRequests::await(
    const std::shared_ptr<Job>& job, std::chrono::steady_clock::time_point until
) {
    std::unique_lock lock(mutex_);
    answered_.wait_until(lock, until, [&] {
        return job->response.has_value() || thread_.get_stop_token().stop_requested();
    });
    job->awaited = false;
    return job->response;
}

void AsyncRequests::work(const std::stop_token& stop) {
    auto next_look = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        if (std::chrono::steady_clock::now() >= next_look) {
            forget_old();
            next_look += forget_every;
        }
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(mutex_);
            const bool some =
                work_waits_.wait_until(lock, stop, next_look, [this] { return !queue_.empty(); });
            if (!some || stop.stop_requested()) {
                continue;
            }
            job = queue_.front();
            queue_.pop_front();
        }
        carry_out(job);
    }
}

void AsyncRequests::carry_out(const std::shared_ptr<Job>& job) {
    const Response response = run_(job->request);
    const Uuid client = job->request.client;
    bool awaited = false;
    {
        const std::lock_guard lock(mutex_);
        awaited = job->awaited;
        if (awaited) {
            job->response = response;
        }
        if (std::size_t& own = waiting_of_[client]; --own == 0) {
            waiting_of_.erase(client);
        }
    }
    answered_.notify_all();
    const Status noted = awaited ? forget(job->request.id) : complete(job->request, response);
    if (!noted) {
        log::error(
            "async_answer_not_noted", noted.error().detail,
            {{"txn", job->request.id.to_string()}, {"code", noted.error().code}}
        );
    }
}

/// Notes the answer and tells it to the event feed.
Status AsyncRequests::complete(AsyncRequest& request, const Response& response) {
    AsyncRequest answered = request;
    answered.results = completion_records(request, response);
    answered.request.body.clear();
    answered.request.headers.clear();
    return store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        answered.completed = transaction.now();
        for (JournalRecord& result : answered.results) {
            result.time = transaction.now();
            BASCULE_CHECK(transaction.append(result));
        }
        BASCULE_TRY(const auto row, transaction.find_row(request.id));
        if (!row) {
            return {};
        }
        return transaction.update(row->oid, async_request_body(answered), {}, {}).map([](bool) {});
    });
}

Status AsyncRequests::forget(const Uuid& id) {
    return store_.write(Durability::full, [&](Transaction& transaction) -> Status {
        BASCULE_TRY(const auto row, transaction.find_row(id));
        if (!row) {
            return {};
        }
        // What it asked for must not outlive it.
        BASCULE_CHECK(transaction.update(row->oid, "{}", {}, {}).map([](bool) {}));
        return transaction.remove(row->oid);
    });
}

void AsyncRequests::forget_old() {
    const Time horizon = clock_.now() - keep_answers;
    std::vector<Uuid> old;
    const Status read = store_.read([&](Reader& reader) -> Status {
        old.clear();
        directory::Query query;
        query.type = type_;
        query.limit = 1000;
        BASCULE_TRY(const auto page, reader.query(query));
        for (const Object& object : page.objects) {
            const auto request = async_request_of(object);
            if (!request || (request->completed && *request->completed < horizon)) {
                old.push_back(object.row.id);
            }
        }
        return {};
    });
    for (const Uuid& id : old) {
        if (const Status gone = forget(id); !gone) {
            log::warning("async_answer_not_forgotten", gone.error().detail, {});
            return;
        }
    }
    if (!read) {
        log::warning("async_answers_unreadable", read.error().detail, {});
    }
}

Result<AsyncRequest> AsyncRequests::find(std::string_view id, const Uuid& client) {
    std::optional<AsyncRequest> found;
    if (const auto parsed = parse_uuid(id)) {
        BASCULE_CHECK(store_.read([&](Reader& reader) -> Status {
            found.reset();
            BASCULE_TRY(const auto object, reader.find(*parsed));
            if (object && object->row.type == type_) {
                BASCULE_TRY(found, async_request_of(*object));
            }
            return {};
        }));
    }
    if (!found || found->client != client) {
        return fail(
            ErrorKind::not_found, "not_found",
            "There is no asynchronous request '" + printable(id, 64) +
                "' of this client. Answers "
                "are kept for a day."
        );
    }
    return *std::move(found);
}

}  // namespace bascule::daemon
