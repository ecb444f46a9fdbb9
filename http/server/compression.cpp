#include "http/server/compression.hpp"

#include <zlib.h>

#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "directory/base/text.hpp"

namespace bascule::http {
namespace {

constexpr int gzip_format = 15 + 16;  // the largest window, with the header of gzip
constexpr int memory_level = 8;

/// A running compression. Once broken it stays so.
class Gzip {
  public:
    Gzip() {
        good_ =
            deflateInit2(
                &stream_, Z_BEST_SPEED, Z_DEFLATED, gzip_format, memory_level, Z_DEFAULT_STRATEGY
            ) == Z_OK;
    }
    ~Gzip() { deflateEnd(&stream_); }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    [[nodiscard]] bool good() const { return good_; }

    /// Appends everything that stands for `text` so far, so that the receiver can read it.
    void append(std::string_view text, bool is_last, std::string& out) {
        std::array<unsigned char, 16 * 1024> buffer;
        // The interface of zlib is older than const.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream_.avail_in = static_cast<uInt>(text.size());
        do {
            stream_.next_out = buffer.data();
            stream_.avail_out = static_cast<uInt>(buffer.size());
            const int code = deflate(&stream_, is_last ? Z_FINISH : Z_SYNC_FLUSH);
            good_ = good_ && code != Z_STREAM_ERROR;
            out.append(
                reinterpret_cast<const char*>(buffer.data()), buffer.size() - stream_.avail_out
            );
        } while (good_ && stream_.avail_out == 0);
    }

  private:
    z_stream stream_{};
    bool good_ = false;
};

class GzipSource final : public BodySource {
  public:
    GzipSource(std::unique_ptr<Gzip> gzip, std::shared_ptr<BodySource> plain)
        : gzip_(std::move(gzip)), plain_(std::move(plain)) {}

    Result<bool> append_piece(std::string& out) override {
        piece_.clear();
        BASCULE_TRY(const bool more, plain_->append_piece(piece_));
        gzip_->append(piece_, !more, out);
        if (!gzip_->good()) {
            return fail(ErrorKind::internal, "compression_failed", "The answer broke off.");
        }
        return more;
    }

  private:
    std::unique_ptr<Gzip> gzip_;
    std::shared_ptr<BodySource> plain_;
    std::string piece_;
};

/// The weight in "gzip;q=0.5"; 1 when there is none, 0 when it cannot be read.
double weight_of(std::string_view parameters) {
    const auto at = parameters.find("q=");
    if (at == std::string_view::npos) {
        return 1;
    }
    double weight = 0;
    const auto text = parameters.substr(at + 2);
    std::from_chars(text.data(), text.data() + text.size(), weight);
    return weight;
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What a list of codings says of gzip and of all others.
struct Weights {
    double gzip = -1;  ///< below 0: not named
    double others = -1;

    void read(std::string_view list) {
        while (!list.empty()) {
            const auto comma = std::min(list.find(','), list.size());
            const auto item = list.substr(0, comma);
            const auto semicolon = std::min(item.find(';'), item.size());
            const auto coding = without_blanks(item.substr(0, semicolon));
            if (equals_ignoring_ascii_case(coding, "gzip") ||
                equals_ignoring_ascii_case(coding, "x-gzip")) {
                gzip = weight_of(item.substr(semicolon));
            } else if (coding == "*") {
                others = weight_of(item.substr(semicolon));
            }
            list.remove_prefix(std::min(comma + 1, list.size()));
        }
    }
};

bool is_json(std::string_view content_type) {
    const auto type = content_type.substr(0, content_type.find(';'));
    return type.ends_with("/json") || type.ends_with("+json");
}

}  // namespace

bool accepts_gzip(const Request& request) {
    Weights weights;
    for (const auto& [name, value] : request.headers) {
        if (name == "accept-encoding") {
            weights.read(value);
        }
    }
    return weights.gzip > 0 || (weights.gzip < 0 && weights.others > 0);
}

void compress(const Route& route, const Request& request, Response& response) {
    const bool is_long = response.rest != nullptr || response.body.size() >= compressed_from;
    if (!route.may_compress || !is_long || !is_json(response.content_type)) {
        return;
    }
    response.set("Vary", "Accept-Encoding");
    if (!accepts_gzip(request)) {
        return;
    }
    auto gzip = std::make_unique<Gzip>();
    std::string body;
    if (gzip->good()) {
        gzip->append(response.body, response.rest == nullptr, body);
    }
    if (!gzip->good()) {
        return;  // no memory: the plain text does as well
    }
    response.body = std::move(body);
    response.set("Content-Encoding", "gzip");
    if (response.rest) {
        response.rest = std::make_shared<GzipSource>(std::move(gzip), std::move(response.rest));
    }
}

}  // namespace bascule::http
