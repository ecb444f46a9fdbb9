#include "daemon/client_profiles.hpp"

#include <algorithm>
#include <utility>

namespace bascule::daemon {
namespace {

using config::Diagnostic;
using config::Position;
using config::ProfileSetting;
using config::Severity;

/// Applies the settings one by one, so that each fault is found and has its place.
class ProfileBuilder {
  public:
    void define(const ProfileSetting& setting) {
        const std::string path = "scim.profiles." + setting.name;
        if (const Status made = registry_.define(setting.name, setting.base, {}); !made) {
            note(setting.position, path + ".base", made.error().detail);
        }
        for (const ProfileSetting::Switch& one : setting.switches) {
            const Status set = registry_.define(setting.name, {}, {{one.name, one.value}});
            if (!set) {
                note(one.position, path + "." + one.name, set.error().detail);
            }
        }
    }

    void choose(const std::string& standard, Position position) {
        if (standard.empty()) {
            return;
        }
        if (const Status set = registry_.set_default(standard); !set) {
            note(position, "scim.default_profile", set.error().detail);
        }
    }

    scim::ProfileRegistry take() { return std::move(registry_); }
    [[nodiscard]] std::vector<Diagnostic>& faults() { return faults_; }

  private:
    void note(Position position, std::string path, const std::string& message) {
        faults_.push_back({Severity::error, "", position, std::move(path), message});
    }

    scim::ProfileRegistry registry_;
    std::vector<Diagnostic> faults_;
};

ProfileBuilder build(const config::Settings& settings, Position position_of_default) {
    ProfileBuilder builder;
    for (const ProfileSetting& setting : settings.scim_profiles) {
        builder.define(setting);
    }
    builder.choose(settings.scim_default_profile, position_of_default);
    return builder;
}

}  // namespace

Result<scim::ProfileRegistry> client_profiles(const config::Settings& settings) {
    ProfileBuilder builder = build(settings, {});
    if (!builder.faults().empty()) {
        const Diagnostic& first = builder.faults().front();
        return fail(
            ErrorKind::invalid_input, "invalid_configuration", first.path + ": " + first.message
        );
    }
    return builder.take();
}

void check_client_profiles(config::LoadOutcome& outcome, const std::string& file) {
    if (!outcome.settings) {
        return;
    }
    const auto place = outcome.places.find("scim.default_profile");
    ProfileBuilder builder =
        build(*outcome.settings, place == outcome.places.end() ? Position{} : place->second);
    for (Diagnostic& fault : builder.faults()) {
        fault.file = file;
    }
    outcome.add(std::move(builder.faults()));
}

}  // namespace bascule::daemon
