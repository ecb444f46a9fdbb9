#include "daemon/operator_schemas.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "directory/base/log.hpp"

namespace bascule::daemon {
namespace {

using config::Diagnostic;
using config::Position;
using config::Severity;

constexpr std::size_t file_limit = std::size_t{4} << 20;

/// Gathers what the configuration says, and where it says it.
class Gatherer {
  public:
    Gatherer(const std::string& file, std::vector<Diagnostic>& faults)
        : file_(file), faults_(faults) {}

    scim::OwnSchemas gather(const config::Settings& settings) {
        for (std::size_t i = 0; i < settings.scim_schemas.size(); ++i) {
            read(settings.scim_schemas[i], "scim.schemas[" + std::to_string(i) + "]");
        }
        for (std::size_t i = 0; i < settings.scim_resource_types.size(); ++i) {
            add(settings.scim_resource_types[i], "scim.resource_types[" + std::to_string(i) + "]");
        }
        for (const config::TypeExtensionsSetting& one : settings.scim_extensions) {
            add(one);
        }
        return std::move(own_);
    }

    /// Of a key, or of the nearest one above it.
    [[nodiscard]] Position position(std::string place) const {
        while (!place.empty()) {
            if (const auto found = positions_.find(place); found != positions_.end()) {
                return found->second;
            }
            const auto end = place.find_last_of(".[");
            place.resize(end == std::string::npos ? 0 : end);
        }
        return {};
    }

  private:
    void read(const std::string& path, const std::string& place) {
        errno = 0;
        std::ifstream stream(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
        if (!stream || text.size() > file_limit) {
            const std::string reason = stream       ? "it is larger than 4 MiB"
                                       : errno != 0 ? std::strerror(errno)
                                                    : "it cannot be read";
            faults_.push_back(
                {Severity::error, file_, {}, place, "the schema file " + path + ": " + reason}
            );
            return;
        }
        own_.files.push_back({path, std::move(text)});
    }

    void add(const config::ResourceTypeSetting& setting, const std::string& place) {
        scim::ResourceTypeFile type;
        type.name = setting.name;
        type.endpoint = setting.endpoint;
        type.description = setting.description;
        type.schema = setting.schema;
        for (std::size_t i = 0; i < setting.extensions.size(); ++i) {
            const config::ExtensionSetting& extension = setting.extensions[i];
            type.extensions.push_back({extension.schema, extension.required});
            note(place + ".extensions[" + std::to_string(i) + "]", extension);
        }
        note(place, setting);
        own_.types.push_back(std::move(type));
    }

    void add(const config::TypeExtensionsSetting& setting) {
        for (std::size_t i = 0; i < setting.extensions.size(); ++i) {
            const config::ExtensionSetting& extension = setting.extensions[i];
            const std::string place =
                "scim.extensions." + setting.type + "[" + std::to_string(i) + "]";
            note(place, extension);
            own_.extensions.push_back({setting.type, extension.schema, extension.required, place});
        }
    }

    template <class Setting>
    void note(const std::string& place, const Setting& setting) {
        positions_[place] = Position{setting.line, setting.column};
    }

    const std::string& file_;
    std::vector<Diagnostic>& faults_;
    scim::OwnSchemas own_;
    std::map<std::string, Position> positions_;
};

}  // namespace

OperatorSchemas load_schemas(const config::Settings& settings, const std::string& file) {
    OperatorSchemas loaded;
    Gatherer gatherer(file, loaded.faults);
    const scim::OwnSchemas own = gatherer.gather(settings);
    if (!loaded.faults.empty()) {
        return loaded;
    }
    std::vector<scim::SchemaFault> faults;
    loaded.registry = scim::SchemaRegistry::load_with(own, faults);
    for (scim::SchemaFault& fault : faults) {
        const bool in_configuration = fault.file.empty();
        const Position position = in_configuration ? gatherer.position(fault.place) : Position{};
        loaded.faults.push_back(
            {Severity::error, in_configuration ? file : fault.file, position,
             std::move(fault.place), std::move(fault.detail)}
        );
    }
    return loaded;
}

Result<std::unique_ptr<scim::SchemaRegistry>> require_schemas(
    const config::Settings& settings, const std::string& file
) {
    OperatorSchemas loaded = load_schemas(settings, file);
    for (const Diagnostic& fault : loaded.faults) {
        log::error("schema_error", fault.to_string());
    }
    if (loaded.registry == nullptr) {
        return fail(
            ErrorKind::invalid_input, "invalid_schema",
            "The schemas were not taken over: " + loaded.faults.front().to_string()
        );
    }
    return std::move(loaded.registry);
}

}  // namespace bascule::daemon
