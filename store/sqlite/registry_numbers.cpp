#include "store/sqlite/registry_numbers.hpp"

#include <utility>

#include "store/sqlite/attribute_forms.hpp"

namespace bascule::store {

using directory::AttributeId;
using directory::TypeId;

RegistryNumbers::RegistryNumbers(RegistryNumbers&& other) noexcept
    : registry_(other.registry_),
      editions_(std::move(other.editions_)),
      now_(other.now_.load(std::memory_order_relaxed)) {}

RegistryNumbers::~RegistryNumbers() = default;

std::optional<TypeId> RegistryNumbers::type(std::int64_t number) const {
    const Tables& numbers = tables();
    const auto found = numbers.known.find(number);
    return found == numbers.known.end() ? std::nullopt : std::optional(found->second);
}

Result<RegistryNumbers> RegistryNumbers::open(
    Connection& connection, const directory::Registry& registry
) {
    RegistryNumbers numbers(registry);
    BASCULE_CHECK(numbers.take_up(connection));
    numbers.publish();
    return numbers;
}

Status RegistryNumbers::take_up(Connection& connection) {
    auto next = std::make_unique<Tables>();
    std::size_t attribute_count = 0;
    for (std::size_t index = 0; index < registry_->type_count(); ++index) {
        attribute_count += registry_->attributes(static_cast<TypeId>(index)).size();
    }
    next->attributes.resize(attribute_count);
    BASCULE_CHECK(check_known_types(connection, *registry_));
    for (std::size_t index = 0; index < registry_->type_count(); ++index) {
        const auto type = static_cast<TypeId>(index);
        const auto& name = registry_->spec(type).name;
        connection.run("INSERT INTO type(name) VALUES(?) ON CONFLICT(name) DO NOTHING", name);
        const auto number =
            connection.number("SELECT number FROM type WHERE name=?", name).value_or(0);
        next->types.push_back(number);
        next->known.emplace(number, type);
        AttributeForms forms(connection, *registry_, type, number);
        for (const auto attribute : registry_->attributes(type)) {
            BASCULE_TRY(
                next->attributes.at(static_cast<std::size_t>(attribute)), forms.note(attribute)
            );
        }
        BASCULE_CHECK(forms.finish());
    }
    editions_.push_back(std::move(next));
    return {};
}

void RegistryNumbers::publish() {
    now_.store(editions_.back().get(), std::memory_order_release);
}

}  // namespace bascule::store
