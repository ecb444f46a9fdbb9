#include <algorithm>

#include "config/documents.hpp"
#include "config/options.hpp"

namespace bascule::config {
namespace {

/// A directory under another name; one that was added or removed is none.
bool is_renamed(const SourceSettings& source, const Settings& running, const Settings& wanted) {
    const auto has_name = [](const Settings& settings, const std::string& name) {
        return std::ranges::find(settings.sources, name, &SourceSettings::name) !=
               settings.sources.end();
    };
    return !has_name(wanted, source.name) &&
           std::ranges::any_of(wanted.sources, [&](const SourceSettings& other) {
               return other.base == source.base && other.servers == source.servers &&
                      other.srv == source.srv && !has_name(running, other.name);
           });
}

}  // namespace

std::vector<std::string> restart_needed(const Settings& running, const Settings& wanted) {
    std::vector<std::string> paths;
    for (const Option& option : options()) {
        if (option.apply == Apply::restart && !option.of_list() &&
            option.show({&running, {}}) != option.show({&wanted, {}})) {
            paths.push_back(option.path);
        }
    }
    // Another certificate is taken up at once, but a listener cannot turn TLS on or off.
    if (running.server.tls_certificate.empty() != wanted.server.tls_certificate.empty()) {
        paths.emplace_back("server.tls.certificate");
    }
    if (std::ranges::any_of(running.sources, [&](const SourceSettings& source) {
            return is_renamed(source, running, wanted);
        })) {
        paths.emplace_back("sources[].name");
    }
    return paths;
}

}  // namespace bascule::config
