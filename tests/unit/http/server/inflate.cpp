#include "inflate.hpp"

#include <zlib.h>

#include <array>

namespace bascule::http::test {

std::string inflated(std::string_view gzip) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) {
        return {};
    }
    std::string bytes(gzip);
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::string text;
    int code = Z_OK;
    while (code == Z_OK) {
        std::array<char, 4096> buffer;
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        code = inflate(&stream, Z_NO_FLUSH);
        text.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    inflateEnd(&stream);
    return code == Z_STREAM_END ? text : std::string();
}

}  // namespace bascule::http::test
