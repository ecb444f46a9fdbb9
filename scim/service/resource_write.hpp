#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "scim/service/engine.hpp"
#include "scim/service/preference.hpp"

namespace bascule::scim {

/// One change of a resource on its way from its parsed body to its answer. It is made outside the
/// transaction, where the slow parts are done, and used by one thread. What it was made of outlives
/// it.
class ResourceWrite {
  public:
    virtual ~ResourceWrite() = default;

    /// Carries the change out. Runs again when its transaction does.
    [[nodiscard]] virtual Status apply(directory::Transaction& transaction) = 0;
    /// The status of the answer.
    [[nodiscard]] virtual int status() const = 0;
    /// Whether the answer shows the resource: answer() makes it then, bare_answer() otherwise.
    [[nodiscard]] virtual bool shows_resource() const = 0;
    /// The answer after apply(); `reader` sees the change.
    [[nodiscard]] virtual Result<http::Response> answer(directory::Reader& reader) const = 0;
    [[nodiscard]] virtual http::Response bare_answer() const = 0;
    /// The resource's id and version as apply() left them; version 0 once it is deleted.
    [[nodiscard]] const Uuid& id() const { return id_; }
    [[nodiscard]] std::uint64_t version() const { return version_; }
    /// What the client asked to be answered with.
    [[nodiscard]] PreferredReturn representation() const { return representation_; }

    /// True after an apply() that met a password nobody had hashed yet, and failed: call
    /// hash_password() outside the transaction and apply again.
    [[nodiscard]] virtual bool needs_hash() const { return false; }
    virtual void hash_password() {}

    /// True after an apply() that met a change which goes to the directory first, and failed: call
    /// write_to_source() outside the transaction and apply again.
    [[nodiscard]] virtual bool waits_for_source() const { return false; }
    /// `rehearsed`: nothing is sent, the directory is taken to agree.
    [[nodiscard]] virtual Status write_to_source(bool rehearsed) {
        static_cast<void>(rehearsed);
        return {};
    }

  protected:
    Uuid id_;
    std::uint64_t version_ = 0;
    PreferredReturn representation_ = PreferredReturn::unspecified;
};

/// What a request to change a resource consists of, besides its Call.
struct WriteInput {
    http::Method method = http::Method::post;
    const nlohmann::ordered_json* body = nullptr;  ///< null for DELETE
    PreferredReturn representation = PreferredReturn::unspecified;
    /// POST: the id to give. Null for a fresh one.
    std::optional<Uuid> new_id;
    /// Whether the object as it is now may be looked at beforehand, to keep work out of the
    /// transaction.
    bool reads_ahead = true;
};

/// Checks what can be checked without a transaction. Both the view and the call outlive the write.
[[nodiscard]] Result<std::unique_ptr<ResourceWrite>> prepare_write(
    const Engine& engine, const TypeView& view, const Call& call, const WriteInput& input
);

/// Carries a prepared change out in a transaction of its own and answers; in a dry run the
/// transaction is rolled back, and the answer is what the change would have given.
[[nodiscard]] Result<http::Response> carry_out(
    const Engine& engine, ResourceWrite& write, const Preferences& preferences
);

}  // namespace bascule::scim
