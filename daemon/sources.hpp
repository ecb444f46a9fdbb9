#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.hpp"
#include "connectors/ldap/reachability.hpp"
#include "daemon/core.hpp"
#include "daemon/drift_auditor.hpp"
#include "directory/access/caller.hpp"
#include "directory/authority/authority.hpp"
#include "directory/mirror/explain.hpp"
#include "directory/mirror/hold_service.hpp"
#include "directory/mirror/join_rules.hpp"
#include "directory/mirror/source_runner.hpp"
#include "directory/ports/write_back_directory.hpp"

namespace bascule::daemon {

/// The mirrored sources of one configuration: mappings, mirrors and ways to write passwords back.
/// Status and look-ups are thread-safe.
class Sources final : public directory::WriteBackDirectory {
  public:
    /// Compiles every mapping and registers the sources; connects to nothing.
    [[nodiscard]] static Result<std::unique_ptr<Sources>> build(
        Core& core, const config::Settings& settings
    );
    ~Sources() override;

    /// Figures go on where those of the former configuration ended. Before start().
    void continue_figures(const Sources& former);
    void start();
    /// Ends all mirrors. They can be started again only by another instance.
    void stop();

    /// Configured sources in the order of the configuration, then those that were mirrored once
    /// and are no longer configured, in the state "unconfigured".
    [[nodiscard]] std::vector<mirror::SourceStatus> statuses() const;
    /// How the servers of a source are reached.
    [[nodiscard]] ldap::Reachability::View reach(const std::string& name) const;
    /// How many entries `retire` would take out. `conflict`/"source_configured",
    /// `not_found`/"unknown_source".
    [[nodiscard]] Result<std::uint64_t> count_retirable(const std::string& name) const;
    /// Takes the objects of a source that is not configured out of service. `entries` confirms how
    /// many: `conflict`/"count_changed" when they are others. Returns a sentence for people.
    [[nodiscard]] Result<std::string> retire(
        const std::string& name, std::uint64_t entries, const access::Caller& caller
    );
    /// Every source was complete once, so that what is mirrored can be served.
    [[nodiscard]] Result<bool> all_loaded() const;
    /// "corp live, 104224 objects" for the service manager.
    [[nodiscard]] std::string status_line() const;
    [[nodiscard]] std::shared_ptr<const authority::Authority> authority() const {
        return authority_;
    }

    /// Does the mapping of the source master this attribute?
    [[nodiscard]] bool fills(
        directory::SourceId source, directory::TypeId type, const directory::AttributePath& path
    ) const;
    [[nodiscard]] std::string name_of(directory::SourceId source) const {
        return authority_->source_name(source);
    }
    [[nodiscard]] Result<std::vector<mirror::HeldSummary>> holds() const;
    /// The mapping of a configured source; null for others.
    [[nodiscard]] const directory::EntryMapper* find_mapper(std::string_view name) const;
    /// Who joins whom; null when no source does.
    [[nodiscard]] const std::shared_ptr<const mirror::JoinRules>& joins() const { return joins_; }
    /// Why something is mirrored the way it is, or not at all; `text` is a DN, an id, a user
    /// name or a group's displayName. What the store does not know is looked up in the directories,
    /// when `ask` says so.
    enum class Ask { directories, store_only };
    [[nodiscard]] Result<std::vector<mirror::Explanation>> explain(
        const std::string& text, Ask ask = Ask::directories
    ) const;
    /// What is needed to tell where a source's values come from; valid as long as this.
    struct View {
        std::string name;
        const directory::EntryMapper* mapper = nullptr;
        directory::EntryInspector* inspector = nullptr;
    };
    [[nodiscard]] std::optional<View> view(directory::SourceId source) const;
    /// Comparisons of the sources with their directories; null before start().
    [[nodiscard]] DriftAuditor* auditor() const { return auditor_.get(); }

    [[nodiscard]] std::optional<directory::WriteBack> find(directory::SourceId source
    ) const override;
    [[nodiscard]] std::vector<directory::WriteBack> all() const override;

  private:
    struct Source;
    explicit Sources(Core& core);
    void look_up(const mirror::ExplainQuestion& question, std::vector<mirror::Explanation>& all)
        const;
    [[nodiscard]] static Result<std::unique_ptr<Source>> build_one(
        Core& core, const config::SourceSettings& settings, bool sign_in,
        std::shared_ptr<const mirror::JoinRules> joins, std::function<bool()> is_next
    );
    [[nodiscard]] std::function<bool()> after_earlier_ones() const;

    [[nodiscard]] static Status add_unconfigured(
        directory::Store& store, std::unordered_map<directory::SourceId, authority::Master>& masters
    );
    [[nodiscard]] bool is_configured(std::string_view name) const;
    [[nodiscard]] std::vector<mirror::SourceStatus> unconfigured() const;

    Core& core_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::shared_ptr<const mirror::JoinRules> joins_;
    std::shared_ptr<const authority::Authority> authority_;
    std::chrono::milliseconds retain_deleted_{};
    std::unique_ptr<DriftAuditor> auditor_;  ///< last: ends before what it compares
};

}  // namespace bascule::daemon
