#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "scim/profile/client_profile.hpp"
#include "tests/integration/scim/profile_fixture.hpp"

namespace bascule::scim::tests {
namespace {

std::vector<std::filesystem::path> sequences() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(BASCULE_CLIENT_CASES)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

http::Method method_of(const std::string& word) {
    static const std::map<std::string, http::Method> methods{
        {"GET", http::Method::get},
        {"POST", http::Method::post},
        {"PUT", http::Method::put},
        {"PATCH", http::Method::patch},
        {"DELETE", http::Method::delete_}};
    return methods.at(word);
}

/// Plays the requests of a client and compares what comes back. The form of a file is told in
/// tests/cases/README.md.
class ClientSequence : public ScimProfileTest,
                       public testing::WithParamInterface<std::filesystem::path> {
  protected:
    void play(const Json& step) {
        SCOPED_TRACE(step.value("name", step.value("request", "")));
        if (step.contains("profile")) {
            use(step["profile"]);
        }
        if (step.contains("scopes")) {
            scopes_ = step["scopes"].get<std::vector<std::string>>();
        }
        authenticated_ = step.value("authenticated", true);
        const std::string request = filled(step["request"].get<std::string>());
        const auto blank = request.find(' ');
        Headers headers{{"accept", "application/scim+json, application/json"}};
        if (step.contains("body")) {
            headers.emplace_back("content-type", step.value("type", "application/scim+json"));
        }
        const Answer answer = send(
            method_of(request.substr(0, blank)), escaped(request.substr(blank + 1)),
            step.contains("body") ? filled(step["body"]).dump() : std::string(), headers
        );
        EXPECT_EQ(answer.status, step["status"].get<int>()) << answer.text;
        if (step.contains("expect")) {
            EXPECT_EQ(difference(filled(step["expect"]), answer.body, ""), "") << answer.text;
        }
        // g++ 12 ends a temporary before a range-for over one of its members.
        const Json absent = step.value("absent", Json::array());
        for (const Json& pointer : absent) {
            EXPECT_FALSE(answer.body.contains(Json::json_pointer(pointer.get<std::string>())))
                << pointer << " in " << answer.text;
        }
        if (step.value("empty", false)) {
            EXPECT_EQ(answer.text, "");
        }
        const Json save = step.value("save", Json::object());
        for (const auto& [name, pointer] : save.items()) {
            saved_[name] = answer.body.value(
                Json::json_pointer(pointer.get<std::string>()), std::string("(nothing saved)")
            );
        }
    }

  private:
    /// `${name}` becomes what an earlier step saved.
    [[nodiscard]] std::string filled(std::string text) const {
        for (auto start = text.find("${"); start != std::string::npos; start = text.find("${")) {
            const auto end = text.find('}', start);
            const auto value = saved_.find(text.substr(start + 2, end - start - 2));
            if (value == saved_.end()) {
                ADD_FAILURE() << "nothing was saved for " << text;
                return {};
            }
            text.replace(start, end - start + 1, value->second);
        }
        return text;
    }

    [[nodiscard]] Json filled(const Json& json) const {
        if (json.is_string()) {
            return filled(json.get<std::string>());
        }
        Json out = json;
        if (json.is_structured()) {
            for (auto& item : out) {
                item = filled(item);
            }
        }
        return out;
    }

    /// Blanks and quotes of a readable target as clients encode them.
    static std::string escaped(const std::string& target) {
        std::string out;
        for (const char c : target) {
            switch (c) {
                case ' ':
                    out += "%20";
                    break;
                case '"':
                    out += "%22";
                    break;
                case '[':
                    out += "%5B";
                    break;
                case ']':
                    out += "%5D";
                    break;
                default:
                    out += c;
            }
        }
        return out;
    }

    /// Where `found` lacks something of `wanted`; empty when it has everything. "*" stands for any
    /// value; lists have the same length.
    static std::string difference(const Json& wanted, const Json& found, const std::string& at) {
        if (wanted == Json("*")) {
            return found.is_null() ? at + " is missing" : "";
        }
        if (wanted.is_object() && found.is_object()) {
            for (const auto& [key, value] : wanted.items()) {
                if (!found.contains(key)) {
                    return at + "/" + key + " is missing";
                }
                if (auto text = difference(value, found[key], at + "/" + key); !text.empty()) {
                    return text;
                }
            }
            return {};
        }
        if (wanted.is_array() && found.is_array() && wanted.size() == found.size()) {
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                const std::string place = at + "/" + std::to_string(i);
                if (auto text = difference(wanted[i], found[i], place); !text.empty()) {
                    return text;
                }
            }
            return {};
        }
        return wanted == found ? "" : at + " is " + found.dump() + ", not " + wanted.dump();
    }

    std::map<std::string, std::string> saved_;
};

TEST_P(ClientSequence, IsAnsweredAsTheClientNeedsIt) {
    std::ifstream file(GetParam());
    const Json sequence = Json::parse(file);
    use(sequence["profile"]);
    for (const Json& step : sequence["steps"]) {
        play(step);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Files, ClientSequence, testing::ValuesIn(sequences()),
    [](const auto& file) { return file.param.stem().string(); }
);

TEST(ClientSequences, AreThereForEveryNamedProfile) {
    std::set<std::string> used;
    for (const auto& path : sequences()) {
        std::ifstream file(path);
        used.insert(Json::parse(file).value("profile", ""));
    }
    const ProfileRegistry registry;
    for (const ClientProfile& profile : registry.all()) {
        EXPECT_TRUE(used.contains(profile.name)) << profile.name;
    }
}

}  // namespace
}  // namespace bascule::scim::tests
