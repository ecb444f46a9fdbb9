#include "scim/service/client_engines.hpp"

#include <algorithm>
#include <mutex>

#include "scim/service/attribute_access.hpp"

namespace bascule::scim {
namespace {

/// More distinct rules than an operator writes; beyond them the memory starts afresh.
constexpr std::size_t most = 64;

/// An engine and the schemas that it refers to.
struct Limited {
    Limited(const Engine& base, const access::NameRule& rule)
        : schemas(visible_schemas(base.with.schemas, rule)), engine(base, *schemas) {}
    std::unique_ptr<SchemaRegistry> schemas;
    Engine engine;
};

}  // namespace

std::shared_ptr<const Engine> ClientEngines::find(const access::NameRule& rule) const {
    const auto found = std::find_if(engines_.begin(), engines_.end(), [&](const Entry& entry) {
        return entry.first == rule;
    });
    return found == engines_.end() ? nullptr : found->second;
}

std::shared_ptr<const Engine> ClientEngines::engine_for(const access::Caller& caller) {
    if (!caller.attributes || !caller.attributes->read.limits()) {
        return nullptr;
    }
    const access::NameRule& rule = caller.attributes->read;
    {
        const std::shared_lock lock(mutex_);
        if (auto engine = find(rule)) {
            return engine;
        }
    }
    const auto made = std::make_shared<const Limited>(base_, rule);
    const std::unique_lock lock(mutex_);
    if (auto engine = find(rule)) {
        return engine;
    }
    if (engines_.size() >= most) {
        engines_.clear();
    }
    engines_.emplace_back(rule, std::shared_ptr<const Engine>(made, &made->engine));
    return engines_.back().second;
}

}  // namespace bascule::scim
