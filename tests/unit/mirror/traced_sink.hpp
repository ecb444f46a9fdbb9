#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "directory/mirror/mirror_engine.hpp"
#include "directory/ports/feed.hpp"

namespace bascule::test {

/// Prints a conversation when BASCULE_MIRROR_TRACE is set, to find out what a failing seed does.
class TracedSink final : public directory::FeedSink {
  public:
    explicit TracedSink(mirror::MirrorEngine& engine) : engine_(engine) {}

    static void say(const std::string& line) {
        if (std::getenv("BASCULE_MIRROR_TRACE") != nullptr)
            fmt::print("{}\n", line);
    }

    Status refresh_started(bool from_cookie) override {
        say(fmt::format("refresh from_cookie={} '{}'", from_cookie, engine_.state().cookie));
        return engine_.refresh_started(from_cookie);
    }
    Status changed(directory::SourceEntry entry) override {
        std::string line =
            fmt::format("changed {} {} csn {}", end_of(entry.anchor), entry.dn, entry.csn);
        for (const auto& attribute : entry.attributes) {
            if (attribute.name != "sn" && attribute.name != "cn")
                line += fmt::format(" {}={}", attribute.name, fmt::join(attribute.values, "|"));
        }
        say(line);
        return engine_.changed(std::move(entry));
    }
    Result<bool> members_changed(directory::MemberChange change) override {
        std::string line = "members of " + end_of(change.anchor);
        for (const auto& member : change.added)
            line += " +" + member.dn;
        for (const auto& member : change.removed)
            line += " -" + member.dn;
        auto taken = engine_.members_changed(std::move(change));
        say(line + (taken && *taken ? "" : " refused"));
        return taken;
    }
    Status present(const std::vector<Uuid>& anchors) override {
        say("present" + ends_of(anchors));
        return engine_.present(anchors);
    }
    Status deleted(const std::vector<Uuid>& anchors) override {
        say("deleted" + ends_of(anchors));
        return engine_.deleted(anchors);
    }
    Status refresh_done(directory::AbsenceProof proof, const std::string& cookie) override {
        say(fmt::format("refresh done, proof {} cookie {}", static_cast<int>(proof), cookie));
        return engine_.refresh_done(proof, cookie);
    }
    Status cookie(const std::string& cookie) override {
        say("cookie " + cookie);
        return engine_.cookie(cookie);
    }
    Status idle() override {
        say("idle");
        return engine_.idle();
    }

  private:
    static std::string end_of(const Uuid& id) { return id.to_string().substr(32); }
    static std::string ends_of(const std::vector<Uuid>& ids) {
        std::string out;
        for (const Uuid& id : ids)
            out += " " + end_of(id);
        return out;
    }

    mirror::MirrorEngine& engine_;
};

}  // namespace bascule::test
