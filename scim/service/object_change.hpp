#pragma once

#include <memory>
#include <string>
#include <vector>

#include "directory/authority/authority.hpp"
#include "directory/authority/joined_parts.hpp"
#include "directory/ports/store.hpp"
#include "scim/patch/patch.hpp"
#include "scim/service/edge_writer.hpp"
#include "scim/service/engine.hpp"
#include "scim/service/source_write.hpp"

namespace bascule::scim {

/// What an object shall look like.
struct WantedState {
    std::string body;
    std::vector<EdgeChange> edges;
    bool is_patch = false;  ///< emptying what is required is `mutability` then (check 92)
    bool has_password = false;
    std::string password_hash;      ///< empty when passwords are not kept here
    SourceWrite* source = nullptr;  ///< what goes to the directory first; null: nothing may
};

/// Changes one object inside a transaction: rules, authority, document, edges, password, journal.
/// Made per transaction run; the references outlive it. Documents are whole, also for a client that
/// sees a part of them.
class ObjectChange {
  public:
    ObjectChange(
        const Engine& engine, const TypeView& view, const Call& call,
        directory::Transaction& transaction
    );

    /// The live object of the view's type with this id, If-Match checked; `not_found`,
    /// `precondition_failed`.
    [[nodiscard]] Result<directory::Object> load(const Uuid& id);
    /// Fills a row that was reserved for the id, if there is one.
    [[nodiscard]] Status create(const Uuid& id, const WantedState& wanted);
    /// Makes an empty object of the view's type, so that edges can end at it before it is created
    /// in the same transaction. Does nothing when the id is taken.
    [[nodiscard]] static Status reserve(
        directory::Transaction& transaction, const TypeView& view, const Uuid& id
    );
    [[nodiscard]] Status update(const directory::Object& before, const WantedState& wanted);
    [[nodiscard]] Status remove(const directory::Object& before);
    [[nodiscard]] const authority::Authority& authority() const { return *authority_; }
    /// What else the object that was loaded last is made of.
    [[nodiscard]] const std::vector<authority::JoinedPart>& parts() const { return parts_; }

  private:
    [[nodiscard]] Result<std::string> settle(
        const directory::Object& before, const WantedState& wanted
    );
    [[nodiscard]] Result<directory::Oid> store_new(const directory::Object& object);
    /// Removes the roles that the object holds, or that are limited to it.
    [[nodiscard]] Status remove_assignments(const Uuid& id);
    [[nodiscard]] Status apply_edges(
        const directory::Object& object, const std::vector<EdgeChange>& changes
    );
    /// A reference of an operator's schema that must not be empty; `code` when it is.
    [[nodiscard]] Status check_required_edges(const directory::ObjectRow& row, const char* code);
    [[nodiscard]] Status set_password(const directory::ObjectRow& row, const WantedState& wanted);
    [[nodiscard]] Status check_may_write_edges(directory::EdgeKind kind);
    [[nodiscard]] Status check_no_nesting(const directory::Object& group, const EdgeWriter& edges);
    [[nodiscard]] Status journal_edges(const directory::ObjectRow& row, const EdgeDelta& delta);
    [[nodiscard]] Status journal(
        std::string activity, const directory::ObjectRow& row, std::string attributes,
        std::string values
    );

    const Engine& engine_;
    const TypeView& view_;
    const Call& call_;
    directory::Transaction& transaction_;
    std::shared_ptr<const authority::Authority> authority_;
    std::vector<authority::JoinedPart> parts_;
};

}  // namespace bascule::scim
