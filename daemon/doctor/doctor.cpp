#include "daemon/doctor/doctor.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "connectors/ldap/examination/examination.hpp"
#include "connectors/ldap/library.hpp"
#include "daemon/source_options.hpp"

namespace bascule::daemon {

using directory::Check;
using nlohmann::json;

namespace {

ldap::ExaminationOptions examination_options(const config::SourceSettings& settings) {
    ldap::ExaminationOptions options;
    options.name = settings.name;
    options.source = source_options(settings);
    options.dialect = configured_dialect(settings.dialect);
    options.writes_passwords = settings.write_back_password;
    options.unlocks = settings.write_back_unlock;
    return options;
}

json describe(const Check& check) {
    json value{
        {"place", check.place},
        {"check", check.name},
        {"subject", check.subject},
        {"finding", check.finding},
        {"verdict", directory::to_string(check.verdict)}};
    if (!check.remedy.sentence.empty()) {
        value["remedy"] = {{"sentence", check.remedy.sentence}, {"lines", check.remedy.lines}};
    }
    return value;
}

}  // namespace

Result<std::vector<Check>> Doctor::examine(const std::string& only) const {
    ldap::initialise_library();
    std::vector<Check> all;
    bool found = only.empty();
    for (const config::SourceSettings& source : settings.sources) {
        if (!only.empty() && source.name != only) {
            continue;
        }
        found = true;
        std::ranges::move(
            ldap::examine_source(examination_options(source), registry), std::back_inserter(all)
        );
    }
    if (!found) {
        return fail(
            ErrorKind::not_found, "unknown_source",
            "No source is called '" + only + "'. See: bascule status"
        );
    }
    if (only.empty()) {
        std::ranges::move(examine_host(settings, store), std::back_inserter(all));
    }
    return all;
}

json checks_json(const std::vector<Check>& checks) {
    json list = json::array();
    std::ranges::transform(checks, std::back_inserter(list), describe);
    const auto count = [&checks](directory::Verdict verdict) {
        return std::ranges::count(checks, verdict, &Check::verdict);
    };
    return {
        {"checks", std::move(list)},
        {"failed", count(directory::Verdict::bad)},
        {"advice", count(directory::Verdict::advice)},
        {"good", count(directory::Verdict::good)}};
}

}  // namespace bascule::daemon
