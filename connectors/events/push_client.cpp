#include "connectors/events/push_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "directory/base/text.hpp"

namespace bascule::events {
namespace {

constexpr std::size_t body_limit = 16 * 1024;

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(char* text) const { curl_free(text); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) {
        return {};
    }
    const std::unique_ptr<char, FreeUrl> owned(text);
    return text;
}

bool is_this_machine(std::string_view host) {
    constexpr std::array names{"localhost", "127.0.0.1", "[::1]"};
    return std::find(names.begin(), names.end(), host) != names.end();
}

std::size_t collect(char* data, std::size_t size, std::size_t count, void* target) {
    std::string& body = *static_cast<std::string*>(target);
    const std::size_t room = body_limit - std::min(body_limit, body.size());
    body.append(data, std::min(size * count, room));
    return size * count;
}

int ask_cancelled(void* client, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return (*static_cast<const std::function<bool()>*>(client))() ? 1 : 0;
}

/// libcurl's first use is not thread-safe.
void initialise_library() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct PushClient::Handle {
    CURL* curl = nullptr;
};

PushClient::PushClient() : handle_(std::make_unique<Handle>()) {
    initialise_library();
    handle_->curl = curl_easy_init();
}

PushClient::~PushClient() {
    curl_easy_cleanup(handle_->curl);
}

Status check_endpoint(const std::string& text) {
    initialise_library();
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    const bool parsed = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
    const std::string scheme = parsed ? part_of(url.get(), CURLUPART_SCHEME) : "";
    const std::string host = parsed ? part_of(url.get(), CURLUPART_HOST) : "";
    const bool secure =
        scheme == "https" || (scheme == "http" && is_this_machine(to_ascii_lower(host)));
    const bool plain = parsed && part_of(url.get(), CURLUPART_USER).empty() &&
                       part_of(url.get(), CURLUPART_FRAGMENT).empty();
    if (secure && plain && !host.empty()) {
        return {};
    }
    return fail(Error{
        ErrorKind::invalid_input,
        "invalid_endpoint",
        "'" + printable(text) +
            "' cannot be pushed to: an endpoint is an https URL without user and fragment (http "
            "only to this machine).",
        "endpoint",
        {}});
}

std::string host_of(const std::string& text) {
    initialise_library();
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    const bool parsed = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
    return parsed ? to_ascii_lower(part_of(url.get(), CURLUPART_HOST)) : std::string{};
}

Result<PushAnswer> PushClient::push(
    const PushTarget& target, const std::string& token, const std::function<bool()>& cancelled
) {
    CURL* const curl = handle_->curl;
    curl_easy_reset(curl);
    PushAnswer answer;
    std::array<char, CURL_ERROR_SIZE> error_text{};
    curl_slist* lines = curl_slist_append(nullptr, "Content-Type: application/secevent+jwt");
    lines = curl_slist_append(lines, "Accept: application/json");
    lines = curl_slist_append(lines, "Expect:");
    if (!target.authorization.empty()) {
        Secret line("Authorization: " + std::string(target.authorization.reveal()));
        lines = curl_slist_append(lines, line.c_str());
    }
    const std::unique_ptr<curl_slist, FreeUrl> owned(lines);
    curl_easy_setopt(curl, CURLOPT_URL, target.endpoint.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "bascule");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!target.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, target.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(
        curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.connect_limit.count())
    );
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(target.answer_limit.count()));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, token.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(token.size()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &ask_cancelled);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &cancelled);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text.data());
    const CURLcode outcome = curl_easy_perform(curl);
    if (outcome != CURLE_OK) {
        return fail(Error{
            ErrorKind::unavailable,
            "receiver_unreachable",
            std::string("The receiver gave no answer: ") +
                (error_text.front() == '\0' ? curl_easy_strerror(outcome) : error_text.data()) +
                ".",
            {},
            {}});
    }
    long status = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    answer.status = static_cast<int>(status);
    if (wait > 0) {
        answer.retry_after = std::chrono::seconds(wait);
    }
    return answer;
}

}  // namespace bascule::events
