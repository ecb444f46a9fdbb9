#include "directory/mirror/raw_entry.hpp"

#include <cstdint>

namespace bascule::mirror {

namespace {

void put_number(std::string& out, std::size_t number) {
    for (int shift = 0; shift < 32; shift += 8)
        out += static_cast<char>((number >> shift) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out += text;
}

class Unpacker {
  public:
    explicit Unpacker(std::string_view rest) : rest_(rest) {}

    std::uint32_t number() {
        if (rest_.size() < 4) {
            broken_ = true;
            return 0;
        }
        std::uint32_t value = 0;
        for (unsigned index = 0; index < 4; ++index)
            value |= static_cast<std::uint32_t>(static_cast<unsigned char>(rest_[index]))
                     << (8 * index);
        rest_.remove_prefix(4);
        return value;
    }

    std::string text() {
        const std::uint32_t size = number();
        if (size > rest_.size()) {
            broken_ = true;
            return {};
        }
        std::string out(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return out;
    }

    [[nodiscard]] bool broken() const { return broken_; }

  private:
    std::string_view rest_;
    bool broken_ = false;
};

}  // namespace

std::string pack_entry(const directory::SourceEntry& entry) {
    std::string out;
    put_text(out, entry.anchor.raw());
    put_text(out, entry.dn);
    put_text(out, entry.dn_key);
    put_text(out, entry.csn);
    put_number(out, entry.attributes.size());
    for (const directory::RawAttribute& attribute : entry.attributes) {
        put_text(out, attribute.name);
        put_number(out, attribute.values.size());
        for (const std::string_view value : attribute.values)
            put_text(out, value);
    }
    return out;
}

Result<directory::SourceEntry> unpack_entry(std::string_view packed) {
    Unpacker in(packed);
    directory::SourceEntry entry;
    BASCULE_TRY(entry.anchor, uuid_from_bytes(in.text()));
    entry.dn = in.text();
    entry.dn_key = in.text();
    entry.csn = in.text();
    const std::uint32_t attributes = in.number();
    for (std::uint32_t index = 0; index < attributes && !in.broken(); ++index) {
        directory::RawAttribute attribute;
        attribute.name = in.text();
        const std::uint32_t values = in.number();
        for (std::uint32_t value = 0; value < values && !in.broken(); ++value)
            attribute.values.push_back(in.text());
        entry.attributes.push_back(std::move(attribute));
    }
    if (in.broken())
        return fail(ErrorKind::internal, "broken_raw_entry", "A stored entry cannot be read back.");
    return entry;
}

}  // namespace bascule::mirror
