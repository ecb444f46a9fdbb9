#include "scim/service/page_cursor.hpp"

#include "directory/base/text.hpp"

namespace bascule::scim {
namespace {

// Cursors of another form are not read.
constexpr char form = 1;
constexpr unsigned has_key = 1;
constexpr unsigned is_before = 2;
constexpr unsigned known_flags = has_key | is_before;

void append_number(std::string& out, std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
        out += static_cast<char>((number >> shift) & 0xffU);
    }
}

/// Length, then text: no text can end where another is meant to begin.
void append_text(std::string& out, std::string_view text) {
    append_number(out, text.size());
    out += text;
}

class Bytes {
  public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    std::optional<std::string_view> take(std::uint64_t length) {
        if (length > rest_.size()) {
            return std::nullopt;
        }
        const auto taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }
    std::optional<std::uint64_t> number() {
        const auto raw = take(8);
        if (!raw) {
            return std::nullopt;
        }
        std::uint64_t value = 0;
        for (std::size_t index = 8; index > 0; --index) {
            value = value << 8U | static_cast<unsigned char>((*raw)[index - 1]);
        }
        return value;
    }
    std::optional<std::string> text() {
        const auto length = number();
        const auto taken = length ? take(*length) : std::nullopt;
        return taken ? std::optional(std::string(*taken)) : std::nullopt;
    }
    [[nodiscard]] bool is_empty() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

tl::unexpected<Error> invalid() {
    return fail(Error{
        ErrorKind::invalid_input,
        "invalid_cursor",
        "The cursor does not belong to this request. Send it back as it was given, by the same "
        "caller, with the same filter, sort order and attributes; or begin again with an empty "
        "cursor.",
        "cursor",
        {}});
}

}  // namespace

std::string cursor_binding(
    const access::Caller& caller, std::string_view endpoint, const ListRequest& request
) {
    std::string text;
    append_number(text, static_cast<std::uint64_t>(caller.actor.kind));
    append_text(text, caller.actor.id ? caller.actor.id->to_string() : std::string());
    append_text(text, caller.actor.name);
    append_text(text, endpoint);
    append_text(text, request.filter.value_or(std::string()));
    append_text(text, to_ascii_lower(request.sort_by));
    append_number(text, request.descending ? 1 : 0);
    for (const auto* names : {&request.attributes, &request.excluded_attributes}) {
        append_number(text, names->size());
        for (const std::string& name : *names) {
            append_text(text, to_ascii_lower(name));
        }
    }
    return text;
}

std::string write_cursor(const PageCursor& cursor) {
    const auto& key = cursor.position.key;
    std::string bytes(1, form);
    bytes += static_cast<char>((key ? has_key : 0U) | (cursor.before ? is_before : 0U));
    append_number(bytes, static_cast<std::uint64_t>(cursor.issued.time_since_epoch().count()));
    append_number(bytes, cursor.count);
    append_number(bytes, cursor.total);
    append_number(bytes, static_cast<std::uint64_t>(cursor.position.oid));
    append_text(bytes, cursor.type);
    append_text(bytes, key.value_or(std::string()));
    return bytes;
}

std::optional<PageCursor> parse_cursor(std::string_view text) {
    Bytes bytes(text);
    const auto head = bytes.take(2);
    if (!head || head->front() != form ||
        (static_cast<unsigned char>((*head)[1]) & ~known_flags) != 0) {
        return std::nullopt;
    }
    const auto flags = static_cast<unsigned char>((*head)[1]);
    const auto issued = bytes.number();
    const auto count = bytes.number();
    const auto total = bytes.number();
    const auto oid = bytes.number();
    auto type = bytes.text();
    auto key = bytes.text();
    if (!key || !type || !bytes.is_empty()) {
        return std::nullopt;
    }
    PageCursor cursor;
    cursor.issued = Time(std::chrono::milliseconds(static_cast<std::int64_t>(*issued)));
    cursor.count = *count;
    cursor.total = *total;
    cursor.before = (flags & is_before) != 0;
    cursor.type = *std::move(type);
    cursor.position.oid = static_cast<directory::Oid>(*oid);
    if ((flags & has_key) != 0) {
        cursor.position.key = std::move(key);
    } else if (!key->empty()) {
        return std::nullopt;
    }
    return cursor;
}

Result<PageCursor> open_cursor(
    const Sealer& sealer, std::string_view sealed, std::string_view binding, Time now,
    std::chrono::seconds timeout
) {
    const auto bytes = sealer.open(sealed, binding);
    auto cursor = bytes ? parse_cursor(*bytes) : std::nullopt;
    if (!cursor) {
        return invalid();
    }
    if (now - cursor->issued > timeout) {
        return fail(Error{
            ErrorKind::invalid_input,
            "expired_cursor",
            "The cursor is older than " + std::to_string(timeout.count()) +
                " seconds. Begin again with an empty cursor.",
            "cursor",
            {}});
    }
    return *std::move(cursor);
}

}  // namespace bascule::scim
