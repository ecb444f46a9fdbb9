#include "scim/service/ignored_names.hpp"

#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "directory/base/log.hpp"

namespace bascule::scim {
namespace {

/// What was warned of. Stops at a number of names, so that no client fills memory or log.
class Warned {
  public:
    bool is_new(const std::string& name) {
        constexpr std::size_t most = 1000;
        const std::scoped_lock lock(mutex_);
        return names_.size() < most && names_.insert(name).second;
    }

  private:
    std::mutex mutex_;
    std::unordered_set<std::string> names_;
};

}  // namespace

void warn_of_ignored(
    const Call& call, const TypeView& view, const std::vector<std::string>& names
) {
    static Warned warned;
    for (const std::string& name : names) {
        if (warned.is_new(call.caller.actor.name + '\n' + view.type->name + '\n' + name)) {
            log::warning(
                "scim_attribute_ignored",
                "A client sends an attribute that the resource type does not have; it is dropped.",
                {{"client", call.caller.actor.name},
                 {"profile", call.profile.name},
                 {"type", view.type->name},
                 {"attribute", name}}
            );
        }
    }
}

}  // namespace bascule::scim
