#include "daemon/sources.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "connectors/ldap/dialects/directory_source.hpp"
#include "connectors/ldap/dn.hpp"
#include "daemon/leased_feed.hpp"
#include "daemon/mapped_source.hpp"
#include "daemon/replay/recording_feed.hpp"
#include "daemon/source_options.hpp"
#include "directory/mirror/source_retirement.hpp"

namespace bascule::daemon {
namespace {

/// A change of a directory that tells of it at once has arrived after this.
constexpr std::chrono::seconds audit_settle{3};
/// One entry is read in a directory, so that somebody who asks is not kept waiting.
constexpr std::chrono::seconds look_up_time{3};

/// The feed, and what records it when that is wanted.
std::unique_ptr<directory::Feed> make_feed(
    Core& core, const config::SourceSettings& settings, ldap::DirectorySource& directory,
    std::function<void(bool)> waiting, std::function<bool()> is_next
) {
    std::unique_ptr<directory::Feed> feed = std::make_unique<LeasedFeed>(
        directory.make_feed(),
        ScanPlace{&core.scans, servers_of(settings), std::move(waiting), std::move(is_next)}
    );
    if (settings.record_path.empty()) {
        return feed;
    }
    return std::make_unique<RecordingFeed>(
        std::move(feed), RecordingPlace{settings.record_path, settings.record_size}, core.clock,
        core.recording,
        [&directory, name = settings.name]() -> RecordedRun {
            return {
                name, std::string(ldap::name_of(directory.dialect())),
                directory.mapper().fingerprint()};
        }
    );
}

}  // namespace

struct Sources::Source {
    std::string name;
    directory::SourceId id{};
    bool password_enabled = false;
    bool unlock_enabled = false;
    bool sign_in = false;
    std::unique_ptr<ldap::DirectorySource> directory;
    std::unique_ptr<ldap::ScopedMapper> mapper;
    std::string base_key;
    mirror::GuardLimits limits;
    std::vector<std::string> servers;
    AuditSchedule audit;
    mirror::DriftAudit::Timing audit_timing;
    std::unique_ptr<mirror::SourceRunner> runner;

    [[nodiscard]] mirror::SourceFacts facts() const {
        return {id, name, {base_key}, mapper.get(), limits};
    }
    [[nodiscard]] directory::WriteBack write_back() const {
        return {&directory->writer(), sign_in ? &directory->verifier() : nullptr,
                password_enabled,     name,
                unlock_enabled,       &directory->attributes()};
    }
};

Sources::Sources(Core& core) : core_(core) {}
Sources::~Sources() = default;

Result<std::unique_ptr<Sources::Source>> Sources::build_one(
    Core& core, const config::SourceSettings& settings, bool sign_in,
    std::shared_ptr<const mirror::JoinRules> joins, std::function<bool()> is_next
) {
    auto source = std::make_unique<Source>();
    source->name = settings.name;
    source->password_enabled = settings.write_back_password;
    source->unlock_enabled = settings.write_back_unlock;
    source->sign_in = sign_in;
    BASCULE_TRY(source->id, core.store->register_source(settings.name));
    BASCULE_TRY(MappedSource mapped, MappedSource::make(settings, *core.store, core.scans));
    source->directory = std::move(mapped.directory);
    source->mapper = std::move(mapped.mapper);
    source->base_key = ldap::dn_key_or_raw(settings.base);
    source->limits = guard_limits(settings.guard);
    source->servers = servers_of(settings);
    source->audit = {parse_time_of_day(settings.audit_at), settings.audit_every};
    source->audit_timing = {
        [&directory = *source->directory,
         interval = settings.poll_interval]() -> std::chrono::milliseconds {
            const bool polls = directory.dialect() == ldap::Dialect::generic;
            return audit_settle + (polls ? interval : std::chrono::milliseconds(0));
        },
        settings.operation_timeout};
    source->runner = std::make_unique<mirror::SourceRunner>(
        *core.store,
        make_feed(
            core, settings, *source->directory,
            [own = source.get()](bool waits) { own->runner->note_waiting(waits); },
            std::move(is_next)
        ),
        *source->mapper, core.clock, settings.name, source->limits, std::move(joins),
        source->mapper.get()
    );
    source->runner->tell_echoes_to(core.echoes);
    if (!settings.record_path.empty()) {
        source->runner->keep_in_step();
    }
    return source;
}

/// Objects of a source that is no longer configured stay as they are: its name is all that is
/// known.
Status Sources::add_unconfigured(
    directory::Store& store, std::unordered_map<directory::SourceId, authority::Master>& masters
) {
    return store.read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(const auto states, reader.source_states());
        for (const directory::SourceState& state : states) {
            masters.emplace(state.id, authority::Master{state.name, nullptr});
        }
        return {};
    });
}

/// Users of earlier sources are best there before those that join them are read for the first time.
/// One whose directory is not reached keeps nobody waiting.
std::function<bool()> Sources::after_earlier_ones() const {
    std::vector<const Source*> earlier;
    for (const auto& source : sources_) {
        earlier.push_back(source.get());
    }
    return [earlier] {
        return std::ranges::none_of(earlier, [](const Source* one) {
            const std::string state = one->runner->state();
            return state == "starting" || state == "waiting" || state == "loading";
        });
    };
}

Result<std::unique_ptr<Sources>> Sources::build(Core& core, const config::Settings& settings) {
    std::unique_ptr<Sources> sources(new Sources(core));
    sources->retain_deleted_ = settings.retain_deleted;
    std::unordered_map<directory::SourceId, authority::Master> masters;
    BASCULE_TRY(sources->joins_, join_rules(settings, *core.store));
    for (const config::SourceSettings& one : settings.sources) {
        auto source = build_one(
            core, one, settings.sign_in.directory, sources->joins_,
            one.join_users.empty() ? nullptr : sources->after_earlier_ones()
        );
        if (!source) {
            Error error = std::move(source).error();
            error.detail = "Source " + one.name + ": " + error.detail;
            return fail(std::move(error));
        }
        masters.emplace(
            (*source)->id,
            authority::Master{
                one.name, (*source)->mapper.get(),
                one.write_back_phone.empty() ? std::vector<std::string>()
                                             : std::vector<std::string>{"phoneNumbers"}}
        );
        sources->sources_.push_back(*std::move(source));
    }
    BASCULE_CHECK(add_unconfigured(*core.store, masters));
    sources->authority_ = std::make_shared<const authority::Authority>(std::move(masters));
    return sources;
}

void Sources::continue_figures(const Sources& former) {
    for (const auto& source : sources_) {
        const auto before = std::ranges::find(former.sources_, source->name, [](const auto& one) {
            return one->name;
        });
        if (before != former.sources_.end()) {
            source->runner->count_received_from((*before)->runner->snapshot().received);
        }
    }
}

void Sources::start() {
    std::vector<DriftAuditor::Subject> subjects;
    for (const auto& source : sources_) {
        source->runner->start();
        subjects.push_back(
            {source->name, source->runner.get(), &source->directory->inspector(), source->servers,
             source->audit, source->audit_timing}
        );
    }
    auditor_ = std::make_unique<DriftAuditor>(core_, std::move(subjects));
    auditor_->start();
}

void Sources::stop() {
    if (auditor_) {
        auditor_->stop();
    }
    for (const auto& source : sources_) {
        source->runner->stop();
    }
}

std::vector<mirror::SourceStatus> Sources::statuses() const {
    std::vector<mirror::SourceStatus> all;
    for (const auto& source : sources_) {
        all.push_back(source->runner->snapshot());
    }
    std::ranges::move(unconfigured(), std::back_inserter(all));
    return all;
}

ldap::Reachability::View Sources::reach(const std::string& name) const {
    const auto found = std::ranges::find(sources_, name, [](const auto& one) { return one->name; });
    return found == sources_.end() ? ldap::Reachability::View() : (*found)->directory->reach();
}

bool Sources::is_configured(std::string_view name) const {
    return std::ranges::any_of(sources_, [&](const auto& one) { return one->name == name; });
}

std::vector<mirror::SourceStatus> Sources::unconfigured() const {
    std::vector<mirror::SourceStatus> all;
    const auto collect = [&](directory::Reader& reader) -> Status {
        all.clear();
        BASCULE_TRY(const auto states, reader.source_states());
        for (const directory::SourceState& state : states) {
            if (is_configured(state.name)) {
                continue;
            }
            mirror::SourceStatus status;
            BASCULE_TRY(
                status.objects, reader.count_entries(state.id, directory::EntryState::mirrored)
            );
            BASCULE_TRY(
                status.quarantined,
                reader.count_entries(state.id, directory::EntryState::quarantined)
            );
            BASCULE_TRY(
                const auto unmatched,
                reader.count_entries(state.id, directory::EntryState::unmatched)
            );
            if (status.objects + status.quarantined + unmatched == 0) {
                continue;
            }
            status.name = state.name;
            status.state = "unconfigured";
            status.last_error =
                "This source is not in the configuration. Its objects stay as they were and are "
                "read-only. Put it back, or take them out with: bascule source retire " +
                state.name;
            all.push_back(std::move(status));
        }
        return {};
    };
    const Status read = core_.store->read(collect);
    return read ? all : std::vector<mirror::SourceStatus>();
}

Result<std::uint64_t> Sources::count_retirable(const std::string& name) const {
    if (is_configured(name)) {
        return fail(
            ErrorKind::conflict, "source_configured",
            "Source '" + name +
                "' is in the configuration. Take it out of there and reload first. Nothing was "
                "changed."
        );
    }
    return mirror::SourceRetirement(*core_.store).count(name);
}

Result<std::string> Sources::retire(
    const std::string& name, std::uint64_t entries, const access::Caller& caller
) {
    BASCULE_TRY(const auto known, count_retirable(name));
    if (known == 0) {
        return fail(
            ErrorKind::not_found, "source_empty", "Source '" + name + "' has no objects here."
        );
    }
    BASCULE_CHECK(mirror::SourceRetirement(*core_.store).retire(name, entries, caller.actor));
    return "Source " + name + " was retired: " + std::to_string(entries) +
           " entries are out of service. They come back when the source is configured again.";
}

std::string Sources::status_line() const {
    std::string line;
    for (const mirror::SourceStatus& status : statuses()) {
        line.append(line.empty() ? "" : "; ").append(status.name).append(" ").append(status.state);
        line.append(", ").append(std::to_string(status.objects)).append(" objects");
    }
    return line.empty() ? "no sources" : line;
}

bool Sources::fills(
    directory::SourceId id, directory::TypeId type, const directory::AttributePath& path
) const {
    for (const auto& source : sources_) {
        if (source->id == id) {
            return source->mapper->fills(type, path);
        }
    }
    return false;
}

Result<bool> Sources::all_loaded() const {
    bool all = true;
    BASCULE_CHECK(core_.store->read([&](directory::Reader& reader) -> Status {
        all = true;
        for (const auto& source : sources_) {
            BASCULE_TRY(const auto state, reader.source_state(source->name));
            all = all && state && mirror::is_loaded(*state);
        }
        return {};
    }));
    return all;
}

Result<std::vector<mirror::HeldSummary>> Sources::holds() const {
    BASCULE_TRY(auto all, mirror::HoldService(*core_.store).list());
    std::erase_if(all, [this](const auto& held) { return !is_configured(held.source); });
    return all;
}

const directory::EntryMapper* Sources::find_mapper(std::string_view name) const {
    const auto source =
        std::ranges::find(sources_, name, [](const auto& one) { return one->name; });
    return source == sources_.end() ? nullptr : (*source)->mapper.get();
}

Result<std::vector<mirror::Explanation>> Sources::explain(const std::string& text, Ask ask) const {
    mirror::ExplainQuestion question;
    question.text = text;
    question.retain_deleted = retain_deleted_;
    if (text.find('=') != std::string::npos) {
        BASCULE_TRY(question.dn_key, ldap::dn_key(text));
    }
    for (const auto& source : sources_) {
        question.sources.push_back(source->facts());
    }
    std::vector<mirror::Explanation> all;
    BASCULE_CHECK(core_.store->read([&](directory::Reader& reader) -> Status {
        BASCULE_TRY(all, mirror::explain(reader, core_.registry, question));
        return {};
    }));
    const bool unknown = all.size() == 1 && all.front().cause == mirror::Cause::unknown;
    if (unknown && ask == Ask::directories) {
        look_up(question, all);
    }
    return all;
}

/// Replaces an "unknown" by what the directories say: the first that knows the entry counts, else
/// every answer.
void Sources::look_up(
    const mirror::ExplainQuestion& question, std::vector<mirror::Explanation>& all
) const {
    const auto anchor = parse_uuid(question.text);
    if (question.dn_key.empty() && !anchor) {
        return;
    }
    std::vector<mirror::Explanation> answers;
    std::string silent;
    for (const auto& source : sources_) {
        const auto facts = source->facts();
        const bool within = std::ranges::any_of(facts.base_keys, [&](const std::string& base) {
            return question.dn_key.starts_with(base);
        });
        if (!anchor && !within) {
            continue;
        }
        const auto deadline = std::chrono::steady_clock::now() + look_up_time;
        auto& inspector = source->directory->inspector();
        const auto found = anchor ? inspector.look_for(*anchor, deadline)
                                  : inspector.look_at(question.text, deadline);
        if (!found) {
            silent += (silent.empty() ? "" : "; ") + source->name + ": " + found.error().detail;
            continue;
        }
        auto explained = mirror::explain_inspected(*found, facts);
        const bool there = found->verdict != directory::Inspection::Verdict::absent;
        if (there) {
            answers.assign(1, std::move(explained));
            break;
        }
        answers.push_back(std::move(explained));
    }
    if (!silent.empty()) {
        all.front().sentence += ". The directory was asked and did not answer: " + silent;
    }
    if (!answers.empty() &&
        (silent.empty() || answers.front().cause != mirror::Cause::not_in_directory)) {
        all = std::move(answers);
    }
}

std::optional<Sources::View> Sources::view(directory::SourceId id) const {
    const auto source = std::ranges::find(sources_, id, [](const auto& one) { return one->id; });
    if (source == sources_.end()) {
        return std::nullopt;
    }
    return View{(*source)->name, (*source)->mapper.get(), &(*source)->directory->inspector()};
}

std::optional<directory::WriteBack> Sources::find(directory::SourceId id) const {
    for (const auto& source : sources_) {
        if (source->id == id) {
            return source->write_back();
        }
    }
    return std::nullopt;
}

std::vector<directory::WriteBack> Sources::all() const {
    std::vector<directory::WriteBack> result;
    for (const auto& source : sources_) {
        result.push_back(source->write_back());
    }
    return result;
}

}  // namespace bascule::daemon
