#include "connectors/https/fetch.hpp"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <mutex>

namespace bascule::https {
namespace {

struct Received {
    std::string text;
    std::size_t limit = 0;
};

std::size_t receive(char* data, std::size_t size, std::size_t count, void* target) {
    auto& received = *static_cast<Received*>(target);
    const std::size_t bytes = size * count;
    if (received.text.size() + bytes > received.limit) {
        return 0;  // ends the transfer with an error
    }
    received.text.append(data, bytes);
    return bytes;
}

struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

tl::unexpected<Error> not_fetched(const std::string& url, const std::string& why) {
    return fail(
        ErrorKind::unavailable, "not_fetched", "'" + url + "' could not be read: " + why + "."
    );
}

void set_options(
    CURL* handle, const std::string& url, const std::string& ca, const FetchLimits& limits
) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "bascule");
    if (!ca.empty()) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, ca.c_str());
        curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    }
}

}  // namespace

Result<std::string> fetch(
    const std::string& url, const std::string& ca, const FetchLimits& limits
) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURL, Cleanup> handle(curl_easy_init());
    if (!handle) {
        return not_fetched(url, "there is no memory");
    }
    set_options(handle.get(), url, ca, limits);
    Received received{{}, limits.size};
    std::array<char, CURL_ERROR_SIZE> problem{};
    curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, problem.data());
    if (const CURLcode code = curl_easy_perform(handle.get()); code != CURLE_OK) {
        return not_fetched(url, problem[0] == '\0' ? curl_easy_strerror(code) : problem.data());
    }
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        return not_fetched(url, "the server answered " + std::to_string(status));
    }
    return std::move(received.text);
}

}  // namespace bascule::https
