#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "directory/mirror/join_rules.hpp"
#include "directory/mirror/mirror_engine.hpp"
#include "directory/model/internal_types.hpp"
#include "tests/unit/mirror/mirror_fixture.hpp"

namespace bascule::test {

inline mirror::GuardLimits no_guard() {
    mirror::GuardLimits limits;
    limits.delete_percent = limits.emptied_percent = limits.membership_percent =
        limits.attribute_percent = 100.0;
    limits.delete_at_least = 1'000'000;
    return limits;
}

inline directory::AttributeId user_attribute(const directory::AttributePath& path) {
    return *product_registry().find_attribute(product_registry().type("User"), path);
}

inline directory::AttributeId user_name() {
    return user_attribute({{}, "userName", {}});
}

inline directory::AttributeId employee_number() {
    return user_attribute(
        {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "employeeNumber", {}}
    );
}

/// Some sources in one store, each with an engine; those after the first join users by employee
/// number, then by user name, unless told otherwise.
class JoinedWorld {
  public:
    /// Attributes by which a source joins.
    using Match = std::map<std::string, std::vector<directory::AttributeId>>;

    explicit JoinedWorld(
        std::vector<std::string> names, mirror::GuardLimits limits = no_guard(), Match match = {},
        const std::filesystem::path& above = std::filesystem::temp_directory_path()
    )
        : folder_(above, clock), names_(std::move(names)), limits_(limits) {
        mapper_ = std::move(*ldap::Mapper::compile({}, product_registry()));
        store = folder_.open();
        auto rules = std::make_shared<mirror::JoinRules>();
        for (const std::string& name : names_) {
            if (name != names_.front() && !match.contains(name))
                match[name] = {employee_number(), user_name()};
            rules->sources.push_back({*store->register_source(name), match[name]});
        }
        rules_ = rules;
        reopen_engines(*store);
    }
    JoinedWorld(const JoinedWorld&) = delete;
    JoinedWorld& operator=(const JoinedWorld&) = delete;

    mirror::MirrorEngine& engine(const std::string& name) { return *engines_.at(name); }
    const directory::EntryMapper& mapper() const { return *mapper_; }
    const std::shared_ptr<const mirror::JoinRules>& rules() const { return rules_; }
    const std::vector<std::string>& names() const { return names_; }

    void reopen(const std::string& name) { reopen(name, *store); }
    /// Through what stands before the store.
    void reopen(const std::string& name, directory::Store& through) {
        engines_[name] =
            std::make_unique<mirror::MirrorEngine>(through, *mapper_, clock, name, limits_, rules_);
        MirrorWorld::check(engines_[name]->open());
    }
    void reopen_engines(directory::Store& through) {
        for (const std::string& name : names_)
            reopen(name, through);
    }
    /// As after a kill of the whole process: goes on with the files as they are at this moment.
    template <class Through>
    void reopen_store(Through& through) {
        folder_.kill();
        engines_.clear();
        store = folder_.open();
        folder_.forget_killed();
        through.use(*store);
        reopen_engines(through);
    }

    void apply(const std::string& source, const std::vector<directory::SourceEntry>& entries) {
        for (const auto& entry : entries)
            MirrorWorld::check(engine(source).changed(entry));
        MirrorWorld::check(engine(source).idle());
    }
    void remove(const std::string& source, const Uuid& anchor) {
        MirrorWorld::check(engine(source).deleted({anchor}));
        MirrorWorld::check(engine(source).idle());
    }
    void load(const std::string& source, const std::vector<directory::SourceEntry>& entries) {
        auto& sink = engine(source);
        MirrorWorld::check(sink.refresh_started(false));
        for (const auto& entry : entries)
            MirrorWorld::check(sink.changed(entry));
        MirrorWorld::check(sink.refresh_done(directory::AbsenceProof::snapshot, "c"));
    }

    /// Until nobody has anything to do.
    void settle() {
        for (int round = 0; round < 6; ++round) {
            for (const std::string& name : names_) {
                MirrorWorld::check(engine(name).attend_to_others());
                MirrorWorld::check(engine(name).retry_quarantined());
            }
        }
    }

    template <class F>
    auto read(F&& function) {
        decltype(function(std::declval<directory::Reader&>())) out{};
        MirrorWorld::check(store->read([&](directory::Reader& reader) -> Status {
            out = function(reader);
            return {};
        }));
        return out;
    }

    std::optional<directory::Object> object(const std::string& source, const Uuid& anchor) {
        return read([&](directory::Reader& reader) {
            return *reader.find(mirror::object_id(source, anchor));
        });
    }
    std::optional<directory::MirrorEntry> entry(const std::string& source, const Uuid& anchor) {
        return read([&](directory::Reader& reader) -> std::optional<directory::MirrorEntry> {
            const auto any = *reader.find_any(mirror::object_id(source, anchor));
            return any ? *reader.find_entry(any->row.oid) : std::nullopt;
        });
    }
    std::map<Uuid, directory::EntryState> entries(const std::string& source) {
        return read([&](directory::Reader& reader) {
            std::map<Uuid, directory::EntryState> out;
            const auto state = *reader.source_state(source);
            if (state)
                MirrorWorld::check(reader.each_entry(
                    state->id,
                    [&](directory::Oid, const Uuid& anchor, directory::EntryState one) -> Status {
                        out[anchor] = one;
                        return {};
                    }
                ));
            return out;
        });
    }
    std::vector<directory::JournalRecord> journal() {
        directory::JournalQuery query;
        query.limit = 100'000;
        return read([&](directory::Reader& reader) { return *reader.journal(query); });
    }
    mirror::HeldPlan held(const std::string& source) {
        return read([&](directory::Reader& reader) {
            return mirror::HeldPlan::parse(
                reader.source_state(source)->value_or(directory::SourceState{}).held_plan
            );
        });
    }
    std::string type_of(const std::string& source, const Uuid& anchor) {
        const auto found = object(source, anchor);
        return found ? product_registry().spec(found->row.type).name : "none";
    }
    std::set<Uuid> targets(const Uuid& id, directory::EdgeKind kind = directory::EdgeKind::member) {
        return read([&](directory::Reader& reader) {
            std::set<Uuid> out;
            const auto row = *reader.find_row(id);
            if (row) {
                const auto rows = reader.edge_targets(kind, row->oid, directory::Oid{}, 10'000);
                for (const auto& target : *rows)
                    out.insert(target.id);
            }
            return out;
        });
    }

    /// Everything of the sources that somebody can see, as lines.
    std::vector<std::string> picture() {
        return read([&](directory::Reader& reader) {
            std::vector<std::string> lines;
            for (const std::string& name : names_) {
                const auto state = *reader.source_state(name);
                MirrorWorld::check(reader.each_entry(
                    state->id,
                    [&](directory::Oid oid, const Uuid& anchor, directory::EntryState) {
                        lines.push_back(line(reader, name, oid, anchor));
                        return Status{};
                    }
                ));
            }
            std::ranges::sort(lines);
            return lines;
        });
    }

    SetClock clock;

  private:
    StoreFolder folder_;

  public:
    std::unique_ptr<directory::Store> store;

  private:
    static std::string line(
        directory::Reader& reader, const std::string& name, directory::Oid oid, const Uuid& anchor
    ) {
        const auto entry = *reader.find_entry(oid);
        std::string text = fmt::format(
            "{} {} {} {} {}", name, anchor.to_string(), static_cast<int>(entry->state), entry->dn,
            entry->reason.substr(0, entry->reason.find(':'))
        );
        const auto found = *reader.find(oid);
        if (!found || product_registry().spec(found->row.type).name == "Unmapped")
            return text;
        text += " " + product_registry().spec(found->row.type).name + " " + found->body + " " +
                found->local;
        for (const auto kind :
             {directory::EdgeKind::member, directory::EdgeKind::manager, directory::joined_edge}) {
            std::set<std::string> ids;
            const auto rows = reader.edge_targets(kind, oid, directory::Oid{}, 10'000);
            for (const auto& row : *rows)
                ids.insert(row.id.to_string());
            text += fmt::format(" [{}]", fmt::join(ids, " "));
        }
        return text;
    }

    std::vector<std::string> names_;
    mirror::GuardLimits limits_;
    std::unique_ptr<ldap::Mapper> mapper_;
    std::shared_ptr<const mirror::JoinRules> rules_;
    std::map<std::string, std::unique_ptr<mirror::MirrorEngine>> engines_;
};

}  // namespace bascule::test
