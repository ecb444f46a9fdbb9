#include "daemon/ctl/mapping_check.hpp"

#include <charconv>
#include <utility>

#include "connectors/ldap/mapping/mapping.hpp"
#include "connectors/ldap/mapping/scoped_mapper.hpp"
#include "connectors/ldap/phone_writer.hpp"
#include "daemon/operator_schemas.hpp"
#include "directory/mirror/join_attributes.hpp"

namespace bascule::daemon::ctl {
namespace {

using config::Diagnostic;
using config::Position;
using config::Severity;

/// "line:column" as a mapping's error carries it.
Position position_of(const std::string& context) {
    Position position;
    const char* end = context.data() + context.size();
    const auto line = std::from_chars(context.data(), end, position.line);
    if (line.ptr != end) {
        std::from_chars(line.ptr + 1, end, position.column);
    }
    return position;
}

/// Collects the errors of one kind of object below `path`, such as "sources[0].users".
void collect(
    const config::LoadOutcome& outcome, const std::string& file, const std::string& path,
    const std::vector<Error>& faults, std::vector<Diagnostic>& found
) {
    for (const Error& fault : faults) {
        Diagnostic diagnostic{
            Severity::error, file, position_of(fault.context), path, fault.detail};
        if (fault.field.empty()) {
            diagnostic.path += ".filter";
            const auto place = outcome.places.find(diagnostic.path);
            diagnostic.position = place == outcome.places.end() ? Position{} : place->second;
        } else {
            diagnostic.path += ".map." + fault.field;
        }
        found.push_back(std::move(diagnostic));
    }
}

}  // namespace

void check_mappings(config::LoadOutcome& outcome, const std::string& file) {
    if (!outcome.settings) {
        return;
    }
    directory::Registry registry;
    OperatorSchemas schemas = load_schemas(*outcome.settings, file);
    if (schemas.registry == nullptr) {
        outcome.add(std::move(schemas.faults));
        return;
    }
    if (const Status registered = schemas.registry->register_types(registry); !registered) {
        outcome.add({{Severity::error, file, {}, "", registered.error().detail}});
        return;
    }
    std::vector<Diagnostic> found;
    const auto add = [&](const std::string& path, const Error& fault) {
        const auto place = outcome.places.find(path);
        found.push_back(
            {Severity::error, file, place == outcome.places.end() ? Position{} : place->second,
             path, fault.detail}
        );
    };
    for (std::size_t i = 0; i < outcome.settings->sources.size(); ++i) {
        const config::SourceSettings& source = outcome.settings->sources[i];
        const std::string path = "sources[" + std::to_string(i) + "]";
        const auto faults = ldap::find_faults({source.users, source.groups}, registry);
        collect(outcome, file, path + ".users", faults.users, found);
        collect(outcome, file, path + ".groups", faults.groups, found);
        const auto bases = ldap::ScopedMapper::check(
            source.base, {source.bases, source.exclude, source.users_base, source.groups_base}
        );
        if (!bases) {
            const std::string& field = bases.error().field;
            add(path + (field.empty() ? ".base" : "." + field.substr(0, field.find('['))),
                bases.error());
        }
        if (const auto join = mirror::join_attributes(registry, source.join_users); !join) {
            add(path + ".join.users", join.error());
        }
        // The rules for phone numbers are the same in every dialect.
        const auto users = ldap::with_defaults(source.users, ldap::default_mapping().users);
        if (const auto phones = ldap::phone_rules(users, source.write_back_phone); !phones) {
            add(path + ".write_back.phone", phones.error());
        }
    }
    outcome.add(std::move(found));
}

}  // namespace bascule::daemon::ctl
