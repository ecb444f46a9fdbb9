#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/scim_targets.hpp"
#include "tests/unit/scim/fixture.hpp"

namespace bascule::scim {
namespace {

/// Runs every input of a corpus, and each of its prefixes and of its single-byte changes.
int replay(const std::string& corpus, void (*target)(std::string_view)) {
    int inputs = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(BASCULE_CORPORA) + "/" + corpus)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{
            std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        target(text);
        for (std::size_t i = 0; i < text.size(); ++i) {
            target(std::string_view(text).substr(0, i));
            for (const char c : {'"', '[', ']', '\0', '\xff', '1', ' '}) {
                std::string changed = text;
                changed[i] = c;
                target(changed);
            }
        }
        ++inputs;
    }
    return inputs;
}

TEST(FuzzCorpus, HoldsForJsonBodies) {
    EXPECT_GT(replay("scim_json", fuzz::json), 0);
}

TEST(FuzzCorpus, HoldsForFilters) {
    EXPECT_GT(replay("scim_filter", fuzz::filter), 0);
}

TEST(FuzzCorpus, HoldsForPaths) {
    EXPECT_GT(replay("scim_path", fuzz::path), 0);
}

TEST(FuzzCorpus, HoldsForPatches) {
    EXPECT_GT(replay("scim_patch", fuzz::patch), 0);
}

}  // namespace
}  // namespace bascule::scim
