#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectors/ldap/controlled_requests.hpp"
#include "connectors/ldap/mapping/mapping.hpp"
#include "connectors/ldap/work_connection.hpp"
#include "directory/ports/attribute_writer.hpp"

namespace bascule::ldap {

/// A phone number of the directory and the type that it has in documents.
struct PhoneRule {
    std::string attribute;
    std::string type;
};

/// The rules of `users` that turn these LDAP attributes into phone numbers as they are. An
/// attribute that none does, or that is changed on its way, cannot be written back:
/// `invalid_input`/"invalid_write_back".
[[nodiscard]] Result<std::vector<PhoneRule>> phone_rules(
    const mirror::KindMapping& users, const std::vector<std::string>& attributes
);

/// A number in international form is kept without its separators (E.164); others as they are
/// typed. `invalid_input`/"invalid_phone_number".
[[nodiscard]] Result<std::string> canonical_phone(const std::string& text);

/// Writes phone numbers by value: what goes is deleted and what comes is added in one modify, so
/// that a change by somebody else in between is noticed and not lost. Thread-safe.
class PhoneWriter final : public directory::AttributeWriter {
  public:
    /// What an entry is read with and how it is mapped, at the moment.
    struct Mirror {
        std::vector<std::string> attributes;
        const directory::EntryMapper* mapper = nullptr;
    };
    /// `work` outlives it.
    PhoneWriter(WorkConnection& work, std::vector<PhoneRule> rules, std::function<Mirror()> mirror);

    [[nodiscard]] const std::vector<std::string>& phone_types() const override { return types_; }
    [[nodiscard]] Result<std::string> write_phones(
        const std::string& dn, const std::vector<directory::TypedValue>& before,
        const std::vector<directory::TypedValue>& after, Deadline deadline
    ) override;

  private:
    struct Step;
    [[nodiscard]] Result<std::vector<Step>> plan(
        const std::vector<directory::TypedValue>& before,
        const std::vector<directory::TypedValue>& after
    ) const;
    enum class Way { forth, back };
    /// What the steps change, or what takes them back. Values are views of the steps'.
    [[nodiscard]] static std::vector<Change> changes_of(const std::vector<Step>& steps, Way way);
    /// For servers that cannot be asked to make sure that a first value is the first: who finds
    /// another beside his own takes his own back, so that of two at one instant never both stand.
    [[nodiscard]] static Status yield_to_others(
        Connection& connection, const std::string& dn, const std::vector<Step>& steps,
        Deadline deadline
    );
    [[nodiscard]] Status write(
        Connection& connection, const std::string& dn, const std::vector<Step>& steps,
        Deadline deadline, bool& sent
    ) const;

    WorkConnection& work_;
    std::vector<PhoneRule> rules_;
    std::vector<std::string> types_;
    std::function<Mirror()> mirror_;
};

}  // namespace bascule::ldap
