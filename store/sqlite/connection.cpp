#include "store/sqlite/connection.hpp"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

namespace bascule::store {
namespace {

// Filters make new texts; beyond this many the idle statements are given back.
constexpr std::size_t most_statements = 200;

[[noreturn]] void raise(sqlite3* handle, int code, std::string_view doing) {
    const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
    const char* message = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    throw SqliteError(
        extended != SQLITE_OK ? extended : code,
        fmt::format("{} ({}): {}", message, extended, doing)
    );
}

}  // namespace

Error SqliteError::to_error() const {
    const int primary = code_ & 0xff;
    if (primary == SQLITE_FULL || primary == SQLITE_IOERR) {
        return Error{
            ErrorKind::unavailable,
            "store_full",
            "The disk that holds the store is full or cannot be written. Nothing was changed; free "
            "space and try again.",
            {},
            what(),
            std::chrono::seconds(30)};
    }
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
        return Error{ErrorKind::unavailable,
                     "store_busy",
                     "Another process holds the store. Try again.",
                     {},
                     what(),
                     std::chrono::seconds(5)};
    }
    return Error{
        ErrorKind::internal, "store_failed", "The store could not carry this out.", {}, what(), {}};
}

Rows::Rows(sqlite3_stmt* statement, bool* busy, StatementHandle owned)
    : statement_(statement), busy_(busy), owned_(std::move(owned)) {
    if (busy_ != nullptr) {
        *busy_ = true;
    }
}

Rows::Rows(Rows&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      busy_(std::exchange(other.busy_, nullptr)),
      owned_(std::move(other.owned_)) {}

Rows::~Rows() {
    if (statement_ == nullptr) {
        return;
    }
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    if (busy_ != nullptr) {
        *busy_ = false;
    }
}

bool Rows::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        raise(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
    }
    return false;
}

std::string_view Rows::text(int column) const {
    const auto* data = sqlite3_column_text(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string_view()
                           : std::string_view(reinterpret_cast<const char*>(data), size);
}

std::string_view Rows::blob(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string_view() : std::string_view(data, size);
}

Uuid Rows::uuid(int column) const {
    Uuid id;
    const auto raw = blob(column);
    if (raw.size() == id.bytes.size()) {
        std::memcpy(id.bytes.data(), raw.data(), raw.size());
    }
    return id;
}

Connection::Connection(const std::string& path, OpenMode mode, int cache_kib) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    // A read-only file handle could not create the shared-memory file; query_only keeps readers
    // honest.
    flags |= SQLITE_OPEN_READWRITE | (mode == OpenMode::create ? SQLITE_OPEN_CREATE : 0);
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK) {
        raise(raw, code, "opening " + path);
    }
    // The wait comes first: even reading a pragma may meet a lock while the log is recovered.
    sqlite3_busy_timeout(raw, 5000);
    if (mode == OpenMode::create) {
        script("PRAGMA page_size=8192; PRAGMA journal_mode=WAL;");
    }
    script(fmt::format(
        "PRAGMA cache_size=-{}; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;", cache_kib
    ));
    if (mode == OpenMode::read_only) {
        script("PRAGMA query_only=1;");
    }
}

StatementHandle Connection::compile(std::string_view sql, unsigned flags) const {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(
        handle_.get(), sql.data(), static_cast<int>(sql.size()), flags, &raw, nullptr
    );
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, sql);
    }
    return StatementHandle(raw);
}

Rows Connection::prepare(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        make_room();
        auto statement = compile(sql, SQLITE_PREPARE_PERSISTENT);
        found = statements_.try_emplace(std::string(sql)).first;
        found->second.statement = std::move(statement);
    }
    if (found->second.busy) {  // a caller is still reading its rows
        auto own = compile(sql, 0);
        auto* raw = own.get();
        return Rows(raw, nullptr, std::move(own));
    }
    return Rows(found->second.statement.get(), &found->second.busy, nullptr);
}

void Connection::make_room() {
    if (statements_.size() < most_statements) {
        return;
    }
    std::erase_if(statements_, [](const auto& item) { return !item.second.busy; });
}

Rows Connection::rows(const Sql& sql) {
    Rows result = prepare(sql.text);
    int index = 0;
    for (const auto& value : sql.values) {
        bind(result.handle(), ++index, value, SQLITE_TRANSIENT);
    }
    return result;
}

void Connection::script(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, text.substr(0, 200));
    }
}

void Connection::bind(
    sqlite3_stmt* statement, int index, std::string_view text, Destructor lifetime
) const {
    const char* data = text.data() == nullptr ? "" : text.data();
    const int code =
        sqlite3_bind_text64(statement, index, data, text.size(), lifetime, SQLITE_UTF8);
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, "binding text");
    }
}

void Connection::bind(sqlite3_stmt* statement, int index, const Blob& blob, Destructor lifetime)
    const {
    const int code =
        sqlite3_bind_blob64(statement, index, blob.bytes.data(), blob.bytes.size(), lifetime);
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, "binding bytes");
    }
}

void Connection::bind(sqlite3_stmt* statement, int index, const Uuid& id, Destructor lifetime)
    const {
    const int code =
        sqlite3_bind_blob64(statement, index, id.bytes.data(), id.bytes.size(), lifetime);
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, "binding an identifier");
    }
}

void Connection::bind(sqlite3_stmt* statement, int index, std::nullopt_t, Destructor) const {
    sqlite3_bind_null(statement, index);
}

void Connection::bind_integer(sqlite3_stmt* statement, int index, std::int64_t value) const {
    const int code = sqlite3_bind_int64(statement, index, value);
    if (code != SQLITE_OK) {
        raise(handle_.get(), code, "binding a number");
    }
}

void Connection::bind(
    sqlite3_stmt* statement, int index, const SqlValue& value, Destructor lifetime
) const {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        bind_integer(statement, index, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        bind(statement, index, std::string_view(*text), lifetime);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
        bind(statement, index, *blob, lifetime);
    } else {
        bind(statement, index, std::nullopt, lifetime);
    }
}

}  // namespace bascule::store
