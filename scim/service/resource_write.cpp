#include "scim/service/resource_write.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/codec/document.hpp"
#include "scim/patch/patch.hpp"
#include "scim/profile/conformity.hpp"
#include "scim/service/attribute_access.hpp"
#include "scim/service/given_password.hpp"
#include "scim/service/ignored_names.hpp"
#include "scim/service/mastered_attributes.hpp"
#include "scim/service/object_change.hpp"
#include "scim/service/resource_view.hpp"
#include "scim/service/scim_error.hpp"
#include "scim/service/visible_body.hpp"

namespace bascule::scim {
namespace {

using directory::Object;
using directory::ObjectRow;
using directory::Reader;
using directory::Transaction;
using nlohmann::ordered_json;

/// What the four kinds of change share.
class WriteBase : public ResourceWrite {
  public:
    WriteBase(const Engine& engine, const TypeView& view, const Call& call)
        : engine_(engine), view_(view), call_(call), source_(engine) {}

    [[nodiscard]] bool waits_for_source() const override { return source_.waits(); }
    [[nodiscard]] Status write_to_source(bool rehearsed) override {
        if (rehearsed) {
            source_.assume();
            return {};
        }
        return source_.write(call_.context.deadline);
    }

    [[nodiscard]] Status choose_answer(const WriteInput& input) {
        BASCULE_TRY(projection_, projection_of(engine_, call_, view_));
        representation_ = input.representation;
        return {};
    }

    [[nodiscard]] Result<http::Response> answer(Reader& reader) const override {
        BASCULE_TRY(const std::optional<Object> object, reader.find(id_));
        if (!object) {
            return fail(no_such_resource(view_, id_.to_string()));
        }
        http::Response response = headers(object->row.version);
        BASCULE_TRY(
            response.body,
            view_resource(engine_, view_, reader, *object, projection_, member_lists())
        );
        response.content_type = media_type;
        note_return(response, PreferredReturn::representation, "return=representation");
        return response;
    }

    [[nodiscard]] http::Response bare_answer() const override {
        http::Response response = headers(version_);
        note_return(response, PreferredReturn::minimal, "return=minimal");
        return response;
    }

    [[nodiscard]] int status() const override { return shows_resource() ? 200 : 204; }

    [[nodiscard]] bool shows_resource() const override {
        return representation_ != PreferredReturn::minimal;
    }

  protected:
    [[nodiscard]] virtual MemberLists member_lists() const { return MemberLists::as_projected; }

    /// The version that the transaction leaves behind.
    [[nodiscard]] Status note_version(Transaction& transaction) {
        BASCULE_TRY(const std::optional<ObjectRow> row, transaction.find_row(id_));
        version_ = row ? row->version : 0;
        return {};
    }

    const Engine& engine_;
    const TypeView& view_;
    const Call& call_;
    Projection projection_;
    SourceWrite source_;

  private:
    [[nodiscard]] http::Response headers(std::uint64_t version) const {
        http::Response response;
        response.status = status();
        response.set("ETag", entity_tag(version));
        response.set("Location", location_of(*view_.type, id_, engine_.base_url()));
        return response;
    }

    void note_return(http::Response& response, PreferredReturn what, std::string_view name) const {
        if (representation_ == what) {
            note_applied(response, name);
        }
    }
};

/// A POST or PUT body as the client's profile has it, decoded.
Result<ResourceDraft> decode(
    const Engine& engine, const TypeView& view, const Call& call, ordered_json body,
    DraftPurpose purpose
) {
    std::vector<std::string> ignored;
    BASCULE_CHECK(conform_body(body, *view.type, call.profile, ignored));
    warn_of_ignored(call, view, ignored);
    return decode_resource(body, engine.with.schemas, *view.type, purpose);
}

/// What becomes of the edge attributes that a body leaves out.
struct OmittedEdges {
    Omitted single = Omitted::keep;
    Omitted lists = Omitted::keep;
};

/// Edge attributes become what the body says; what the caller may not write is kept when left out.
std::vector<EdgeChange> edges_of(
    const access::Caller& caller, const TypeView& view, const ResourceDraft& draft,
    const OmittedEdges& omitted
) {
    std::vector<EdgeChange> changes;
    for (const EdgeAttribute& attribute : view.edges) {
        const auto named = draft.edges.find(attribute.kind);
        if (named != draft.edges.end()) {
            changes.push_back({EdgeChange::Action::replace, attribute.kind, named->second});
        } else if (attribute.name.attribute->mutability == Mutability::read_write &&
                   (attribute.is_member_list() ? omitted.lists : omitted.single) ==
                       Omitted::clear &&
                   may_write(caller, view, attribute.name.path())) {
            changes.push_back({EdgeChange::Action::clear, attribute.kind, {}});
        }
    }
    return changes;
}

class CreateWrite final : public WriteBase {
  public:
    using WriteBase::WriteBase;

    [[nodiscard]] Status prepare(const WriteInput& input) {
        BASCULE_CHECK(choose_answer(input));
        BASCULE_CHECK(check_may_create(engine_, view_));
        BASCULE_TRY(
            ResourceDraft draft, decode(engine_, view_, call_, *input.body, DraftPurpose::create)
        );
        id_ = input.new_id.value_or(uuid_v7(engine_.with.clock.now()));
        wanted_.body = with_id(draft.body, id_);
        wanted_.edges = edges_of(call_.caller, view_, draft, {});
        GivenPassword password;
        password.give(std::move(draft.password), wanted_.body);
        password.hash(engine_);
        return password.put_into(wanted_);
    }

    [[nodiscard]] Status apply(Transaction& transaction) override {
        BASCULE_CHECK(ObjectChange(engine_, view_, call_, transaction).create(id_, wanted_));
        return note_version(transaction);
    }

    [[nodiscard]] int status() const override { return 201; }

  private:
    WantedState wanted_;
};

class ReplaceWrite final : public WriteBase {
  public:
    using WriteBase::WriteBase;

    [[nodiscard]] Status prepare(const WriteInput& input) {
        BASCULE_TRY(id_, target_id(call_, view_));
        BASCULE_CHECK(choose_answer(input));
        BASCULE_CHECK(check_put_is_taken());
        decoded_ = decoded(*input.body);
        if (decoded_) {
            password_.give(std::move(decoded_->password), decoded_->body);
            password_.hash(engine_);
        }
        return {};
    }

    [[nodiscard]] Status apply(Transaction& transaction) override {
        ObjectChange change(engine_, view_, call_, transaction);
        BASCULE_TRY(const Object before, change.load(id_));
        if (!decoded_) {
            return fail(decoded_.error());
        }
        WantedState wanted;
        wanted.has_password = password_.is_given();
        // Of a synced user no password is taken at all, which is for the change to say.
        if (!before.row.is_synced()) {
            BASCULE_CHECK(password_.put_into(wanted));
        }
        ResourceDraft draft{decoded_->body, decoded_->edges, std::nullopt, decoded_->cleared};
        const std::string seen = visible_body(engine_, view_, before.body);
        BASCULE_CHECK(keep_unwritable(
            engine_, view_, change.authority(), call_.caller, before.row, change.parts(), seen,
            draft
        ));
        BASCULE_TRY(
            std::string replaced,
            replacement_body(seen, draft, engine_.with.schemas, *view_.type, call_.profile)
        );
        BASCULE_TRY(wanted.body, whole_body(engine_, view_, before.body, std::move(replaced)));
        wanted.edges = edges_of(call_.caller, view_, draft, omitted_edges(before.row));
        wanted.source = &source_;
        BASCULE_CHECK(change.update(before, wanted));
        return note_version(transaction);
    }

  private:
    [[nodiscard]] Status check_put_is_taken() const {
        if (call_.profile.put == Rule::accept) {
            return {};
        }
        Error error = profile_refusal(
            call_.profile, "put", "put_not_allowed", "This is a PUT", "change it with PATCH."
        );
        error.kind = ErrorKind::unsupported;
        return fail(std::move(error));
    }

    [[nodiscard]] Result<ResourceDraft> decoded(const ordered_json& body) const {
        BASCULE_CHECK(check_body_id(body, id_.to_string(), call_.profile));
        return decode(engine_, view_, call_, body, DraftPurpose::replace);
    }

    /// The source of a synced object says what its edges are.
    [[nodiscard]] OmittedEdges omitted_edges(const ObjectRow& row) const {
        return row.is_synced() ? OmittedEdges{}
                               : OmittedEdges{Omitted::clear, call_.profile.omitted_members};
    }

    Result<ResourceDraft> decoded_;
    GivenPassword password_;
};

std::size_t operation_count(const ordered_json& message) {
    if (!message.is_object()) {
        return 0;
    }
    for (const auto& [key, value] : message.items()) {
        if (equals_ignoring_ascii_case(key, "Operations") && value.is_array()) {
            return value.size();
        }
    }
    return 0;
}

Status check_operation_count(const Engine& engine, const ordered_json& message) {
    const std::size_t most = engine.with.options.max_patch_operations;
    if (operation_count(message) <= most) {
        return {};
    }
    return fail(
        ErrorKind::too_large, "too_many_operations",
        "A PATCH takes at most " + std::to_string(most) +
            " operations; send the rest in further requests."
    );
}

class PatchWrite final : public WriteBase {
  public:
    using WriteBase::WriteBase;

    [[nodiscard]] Status prepare(const WriteInput& input) {
        BASCULE_TRY(id_, target_id(call_, view_));
        BASCULE_CHECK(choose_answer(input));
        message_ = input.body;
        BASCULE_CHECK(check_operation_count(engine_, *message_));
        return input.reads_ahead ? read_ahead() : Status{};
    }

    [[nodiscard]] Status apply(Transaction& transaction) override {
        ObjectChange change(engine_, view_, call_, transaction);
        BASCULE_TRY(const Object before, change.load(id_));
        WantedState wanted = foreseen_;
        if (foreseen_version_ != before.row.version) {
            BASCULE_TRY(wanted, apply_message(before));
        }
        wanted.is_patch = true;
        if (!before.row.is_synced()) {
            if (needs_hash()) {
                return fail(
                    ErrorKind::unavailable, "concurrent_change",
                    "The user was changed by somebody else at the same moment; send the request "
                    "again."
                );
            }
            BASCULE_CHECK(password_.put_into(wanted));
        }
        wanted.source = &source_;
        BASCULE_CHECK(change.update(before, wanted));
        return note_version(transaction);
    }

    [[nodiscard]] bool needs_hash() const override {
        return password_.is_given() && !password_.is_hashed();
    }
    void hash_password() override { password_.hash(engine_); }

  private:
    [[nodiscard]] bool shows_resource() const override {
        const PatchAnswer wanted = call_.profile.patch_answer;
        const bool by_type = wanted == PatchAnswer::by_type && !view_.has_member_list;
        const bool by_default = by_type || wanted == PatchAnswer::body || !projection_.is_default();
        return representation_ == PreferredReturn::representation ||
               (by_default && WriteBase::shows_resource());
    }
    [[nodiscard]] MemberLists member_lists() const override { return MemberLists::only_when_named; }

    [[nodiscard]] Result<WantedState> apply_message(const Object& object) {
        const std::string seen = visible_body(engine_, view_, object.body);
        BASCULE_TRY(
            PatchOutcome outcome,
            apply_patch(
                *message_, seen, engine_.with.schemas, *view_.type, engine_.registry, call_.profile
            )
        );
        warn_of_ignored(call_, view_, outcome.ignored);
        BASCULE_TRY(outcome.body, whole_body(engine_, view_, object.body, std::move(outcome.body)));
        WantedState wanted;
        wanted.body = std::move(outcome.body);
        wanted.edges = std::move(outcome.edges);
        wanted.has_password = outcome.password.has_value();
        if (!password_.is_given() && !object.row.is_synced()) {
            password_.give(std::move(outcome.password), wanted.body);
        }
        return wanted;
    }

    /// Does the slow parts, JSON and hashing, before the transaction, so that they hold up no other
    /// writer. Whether the PATCH is right is for the transaction to say.
    [[nodiscard]] Status read_ahead() {
        const auto load = [&](Reader& reader) -> Status {
            BASCULE_TRY(const std::optional<Object> object, reader.find(id_));
            if (object && object->row.type == view_.type->type) {
                if (auto wanted = apply_message(*object)) {
                    foreseen_ = *std::move(wanted);
                    foreseen_version_ = object->row.version;
                }
            }
            return {};
        };
        BASCULE_CHECK(engine_.with.store.read(load));
        hash_password();
        return {};
    }

    const ordered_json* message_ = nullptr;
    std::uint64_t foreseen_version_ = 0;  ///< 0: nothing is foreseen
    WantedState foreseen_;
    GivenPassword password_;
};

class DeleteWrite final : public WriteBase {
  public:
    using WriteBase::WriteBase;

    [[nodiscard]] Status prepare() {
        return target_id(call_, view_).map([&](Uuid id) { id_ = id; });
    }

    [[nodiscard]] Status apply(Transaction& transaction) override {
        ObjectChange change(engine_, view_, call_, transaction);
        BASCULE_TRY(const Object before, change.load(id_));
        return change.remove(before);
    }

    [[nodiscard]] bool shows_resource() const override { return false; }
    [[nodiscard]] http::Response bare_answer() const override {
        http::Response response;
        response.status = status();
        return response;
    }
};

template <class Write, class... Arguments>
Result<std::unique_ptr<ResourceWrite>> prepared(
    const Engine& engine, const TypeView& view, const Call& call, const Arguments&... arguments
) {
    auto write = std::make_unique<Write>(engine, view, call);
    BASCULE_CHECK(write->prepare(arguments...));
    return write;
}

}  // namespace

Result<std::unique_ptr<ResourceWrite>> prepare_write(
    const Engine& engine, const TypeView& view, const Call& call, const WriteInput& input
) {
    switch (input.method) {
        case http::Method::post:
            return prepared<CreateWrite>(engine, view, call, input);
        case http::Method::put:
            return prepared<ReplaceWrite>(engine, view, call, input);
        case http::Method::patch:
            return prepared<PatchWrite>(engine, view, call, input);
        default:
            return prepared<DeleteWrite>(engine, view, call);
    }
}

}  // namespace bascule::scim
