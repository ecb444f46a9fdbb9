#pragma once

#include <memory>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "directory/access/attribute_rules.hpp"
#include "scim/service/engine.hpp"

namespace bascule::scim {

/// Engines of clients that may read a part of the attributes, one for each distinct rule, made when
/// first asked for. What a client may not read is in none of its engine's schemas, so filters,
/// sorting, paths and bodies treat it like any name that does not exist. Thread-safe.
class ClientEngines {
  public:
    /// The engine outlives this.
    explicit ClientEngines(const Engine& base) : base_(base) {}

    /// Null for a caller that sees everything: the base engine is the one to use.
    [[nodiscard]] std::shared_ptr<const Engine> engine_for(const access::Caller& caller);

  private:
    using Entry = std::pair<access::NameRule, std::shared_ptr<const Engine>>;
    [[nodiscard]] std::shared_ptr<const Engine> find(const access::NameRule& rule) const;

    const Engine& base_;
    std::shared_mutex mutex_;
    std::vector<Entry> engines_;
};

}  // namespace bascule::scim
