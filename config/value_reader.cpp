#include "config/value_reader.hpp"

#include <algorithm>
#include <utility>

#include "config/mapping_reader.hpp"
#include "config/profile_reader.hpp"
#include "config/secret_reader.hpp"
#include "config/values.hpp"
#include "directory/base/text.hpp"

namespace bascule::config {
namespace {

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() >= 'a' && text.front() <= 'z' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
               std::string_view::npos;
}

bool is_path(std::string_view text) {
    return text.starts_with('/') && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20;
           });
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

class ValueReader {
  public:
    ValueReader(const Option& option, std::string path, Secrets secrets, Report& report)
        : option_(option), path_(std::move(path)), secrets_(secrets), report_(report) {}

    std::optional<Value> read(const Node& node) {
        if (node.kind == Node::Kind::null) {
            report_.error(
                node.position, path_,
                "expected " + expectation(option_) +
                    ", found nothing; give a value or remove the key"
            );
            return std::nullopt;
        }
        switch (option_.kind) {
            case Kind::secret:
                return read_secret_setting(node);
            case Kind::mapping:
                return Value(read_mapping(node, path_, report_));
            case Kind::profiles:
                return Value(read_profiles(node, path_, report_));
            case Kind::url_list:
            case Kind::text_list:
            case Kind::network_list:
                return read_list(node);
            default:
                break;
        }
        if (node.kind != Node::Kind::scalar) {
            return refuse(node);
        }
        auto value = read_scalar(node.text);
        return value ? std::move(value) : refuse(node);
    }

  private:
    std::optional<Value> refuse(const Node& node) {
        std::string message = "expected " + expectation(option_) + found(node);
        const std::string& text = node.text;
        const bool number = option_.kind == Kind::count || option_.kind == Kind::percent ||
                            option_.kind == Kind::size || option_.kind == Kind::duration;
        if (number && text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') {
            message += "; write it without leading zeros";
        } else if (option_.kind == Kind::choice) {
            if (const std::string guess = nearest(text, option_.choices); !guess.empty()) {
                message += "; did you mean \"" + guess + "\"?";
            }
        }
        report_.error(node.position, path_, std::move(message));
        return std::nullopt;
    }

    template <class Number>
    [[nodiscard]] std::optional<Value> bounded(std::optional<Number> value) const {
        if (!value) {
            return std::nullopt;
        }
        const auto plain = [&] {
            if constexpr (std::is_same_v<Number, Duration>) {
                return static_cast<std::uint64_t>(value->count());
            } else {
                return *value;
            }
        }();
        const bool inside = plain >= option_.minimum && plain <= option_.maximum;
        return inside ? std::optional<Value>(*value) : std::nullopt;
    }

    [[nodiscard]] std::optional<Value> text_if(bool valid, const std::string& text) const {
        return valid ? std::optional<Value>(text) : std::nullopt;
    }

    [[nodiscard]] std::optional<Value> read_scalar(const std::string& text) const {
        switch (option_.kind) {
            case Kind::flag:
                if (text != "true" && text != "false") {
                    return std::nullopt;
                }
                return Value(text == "true");
            case Kind::count: {
                const auto value = bounded(parse_count(text));
                if (!value || std::get<std::uint64_t>(*value) > UINT32_MAX) {
                    return std::nullopt;
                }
                return Value(static_cast<std::uint32_t>(std::get<std::uint64_t>(*value)));
            }
            case Kind::percent: {
                const auto value = parse_percent(text);
                return value ? std::optional<Value>(*value) : std::nullopt;
            }
            case Kind::duration:
                return bounded(parse_duration(text));
            case Kind::size:
                return bounded(parse_size(text));
            case Kind::address: {
                auto value = parse_host_port(text);
                return value ? std::optional<Value>(*std::move(value)) : std::nullopt;
            }
            case Kind::url:
                return text_if(
                    is_url(text, join(option_.choices)),
                    text.ends_with('/') ? text.substr(0, text.size() - 1) : text
                );
            case Kind::choice:
                return text_if(
                    std::find(option_.choices.begin(), option_.choices.end(), text) !=
                        option_.choices.end(),
                    text
                );
            case Kind::name:
                return text_if(is_name(text), text);
            case Kind::path:
                return text_if(is_path(text), text);
            case Kind::dn:
                return text_if(text.find('=') != std::string::npos, text);
            case Kind::filter:
                return text_if(looks_like_filter(text), text);
            default:
                return text_if(!text.empty(), text);
        }
    }

    [[nodiscard]] bool is_element(const std::string& text) const {
        switch (option_.kind) {
            case Kind::url_list:
                return is_url(text, join(option_.choices));
            case Kind::network_list:
                return is_network(text);
            default:
                return !text.empty();
        }
    }

    std::optional<Value> read_list(const Node& node) {
        if (node.kind != Node::Kind::sequence || (option_.required && node.items.empty())) {
            return refuse(node);
        }
        std::vector<std::string> values;
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            const Node& item = node.items[i];
            if (item.kind != Node::Kind::scalar || !is_element(item.text)) {
                report_.error(
                    item.position, path_ + "[" + std::to_string(i) + "]",
                    "this does not fit: expected " + expectation(option_) + found(item)
                );
            }
            values.push_back(item.text);
        }
        return Value(std::move(values));
    }

    std::optional<Value> read_secret_setting(const Node& node) {
        if (node.kind == Node::Kind::scalar && !node.text.empty()) {
            report_.warning(
                node.position, path_,
                "the secret stands in this file; keep it in a file of its own, the environment or "
                "a "
                "systemd credential: " +
                    expectation(option_)
            );
            SecretSetting setting;
            setting.value = Secret(std::string(node.text));
            setting.origin = "(inline)";
            return Value(std::move(setting));
        }
        if (node.kind != Node::Kind::map || node.keys.size() != 1 || node.items.size() != 1) {
            report_.error(node.position, path_, "expected " + expectation(option_));
            return std::nullopt;
        }
        return read_indirect_secret(node.keys.front(), node.items.front());
    }

    std::optional<Value> read_indirect_secret(const Node& key, const Node& value) {
        static const std::vector<std::string> places{"file", "env", "credential"};
        const auto place = std::find(places.begin(), places.end(), key.text);
        if (place == places.end()) {
            report_.error(key.position, path_ + "." + key.text, unknown_key(key.text, places));
            return std::nullopt;
        }
        const auto index = place - places.begin();
        const bool is_file = index == 0;
        if (value.kind != Node::Kind::scalar || value.text.empty() ||
            (is_file && !is_path(value.text))) {
            report_.error(
                value.position, path_ + "." + key.text,
                std::string("expected ") + (is_file ? "an absolute path" : "a name") + found(value)
            );
            return std::nullopt;
        }
        auto secret = read_secret(static_cast<SecretPlace>(index), value.text);
        if (secret) {
            return Value(*std::move(secret));
        }
        if (secret.error().code == "not_here" && secrets_ == Secrets::checked) {
            report_.warning(
                value.position, path_,
                secret.error().detail + "; the service needs it when it starts"
            );
            SecretSetting setting;
            setting.origin = "{ " + key.text + ": " + yaml_text(value.text) + " }";
            return Value(std::move(setting));
        }
        report_.error(value.position, path_, secret.error().detail);
        return std::nullopt;
    }

    const Option& option_;
    std::string path_;
    Secrets secrets_;
    Report& report_;
};

}  // namespace

std::optional<Value> read_value(
    const Option& option, const Node& node, const std::string& path, Secrets secrets, Report& report
) {
    return ValueReader(option, path, secrets, report).read(node);
}

}  // namespace bascule::config
